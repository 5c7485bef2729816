"""Settings as a TOML file and as a command line: what is chosen about the output of a photo, by option."""

from __future__ import annotations

import argparse
import json
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from face3d import VERSION
from face3d.batch.imagine_options import ABOUT_PROMPT
from face3d.batch.inputs import shown
from face3d.batch.run_options import RUN_OPTIONS
from face3d.errors import BatchError

CONSENT = frozenset({"assistant_host_sees_photo", "image_host_sees_prompt"})
"""Of the namespace: what is said on the command line only. A file may come from somebody else."""
ONE_OF = (frozenset({"height_mm", "size"}), frozenset({"hidden", "hidden_box"}))
"""Of the namespace: options that exclude each other."""
OF_ONE_PHOTO = frozenset(
    (
        *("crop", "rotate", "frame", "face", "mask", "hidden", "hidden-box"),
        *("depth-map", "depth-meaning", "depth-range", "prompt"),
        *(option.removeprefix("--") for option in ABOUT_PROMPT.values()),
    )
)
"""Options, without `--`, that fit one photo and no other."""
HEADER = "# Settings of photo-to-3d-face {}: python convert.py PHOTO --settings FILE\n"


def merged(
    parser: argparse.ArgumentParser,
    words: Sequence[str] | None,
    of_file: argparse.ArgumentParser | None = None,
) -> argparse.Namespace:
    """The options on the command line, and those of the file that `--settings` names where it has none.

    of_file: has the options that a file may set, and needs no argument; default: the same parser.
    Raises: BatchError for a file that cannot be read, an unknown name or a value of no use.
    """
    options = parser.parse_args(words)
    if options.settings is None:
        return options
    nothing = object()
    marked = argparse.Namespace(**dict.fromkeys(vars(options), nothing))
    given = {name for name, value in vars(parser.parse_args(words, marked)).items() if value is not nothing}
    for group in ONE_OF:
        given |= group if group & given else set()
    for name, value in _read(options.settings, of_file or parser).items():
        if name not in given:
            setattr(options, name, value)
    return options


def as_toml(settings: Mapping[str, Any]) -> str:
    """The file of settings: by the option's name without `--`, as in a command."""
    lines = (f"{name} = {_toml(value)}\n" for name, value in settings.items())
    return HEADER.format(VERSION) + "".join(lines)


def for_other_photos(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by option without those of one photo, nor what is said about these."""
    left_out = {"matte"} if settings.get("matte") == "file" else set()
    return {name: value for name, value in settings.items() if name not in OF_ONE_PHOTO | left_out}


def as_command(photo: str | None, settings: Mapping[str, Any]) -> str:
    """The command line that converts a photo with these settings, for a shell.

    photo: its file; None where the settings hold the words that it is made of.
    """
    named = [] if photo is None else ["./" * photo.startswith("-") + photo]
    words = (word for name, value in settings.items() for word in _words(name, value))
    return shlex.join(["python", "convert.py", *named, *words])


def _read(path: Path, parser: argparse.ArgumentParser) -> dict[str, Any]:
    """The values of a file, by name in the namespace."""
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BatchError(f"{shown(path)} cannot be read: {error.strerror}. Name another file.") from error
    except ValueError as error:
        raise BatchError(f"{shown(path)} is no TOML file: {error}. Mend it, or name another.") from error
    parser.exit_on_error = False
    known = {
        option.removeprefix("--"): action
        for action in parser._actions  # argparse has no public list of its options
        for option in action.option_strings
        if option.startswith("--") and not option.startswith("--no-") and action.dest != "help"
    }
    found: dict[str, Any] = {}
    for name, value in content.items():
        if name not in known or known[name].dest in RUN_OPTIONS | CONSENT:
            raise BatchError(
                f"{shown(path)}: {shown(name)} is no setting. A setting has the name of an option, "
                "without --; see python convert.py --help."
            )
        found[known[name].dest] = _parsed(parser, known[name], name, value, shown(path))
    return found


def _parsed(
    parser: argparse.ArgumentParser, action: argparse.Action, name: str, value: Any, where: str
) -> Any:
    """The value of a setting as its option on the command line gives it. Raises: BatchError."""
    if action.nargs == 0:
        wanted: tuple[type, ...] = (bool,)
    elif isinstance(action.nargs, int) or name == "formats":
        wanted = (list,)
    else:
        wanted = (str, int, float)
    if not isinstance(value, wanted) or (isinstance(value, bool) and action.nargs != 0):
        kinds = {bool: "true or false", list: "a list"}
        raise BatchError(f"{where}: {name} must be {kinds.get(wanted[0], 'a number or a text')}.")
    try:
        return getattr(parser.parse_args(list(_words(name, value))), action.dest)
    except argparse.ArgumentError as error:
        raise BatchError(f"{where}: {name}: {error.message}.") from error


def _words(name: str, value: Any) -> Iterator[str]:
    """A setting as words of a command line."""
    if isinstance(value, bool):
        yield f"--{name}" if value else f"--no-{name}"
    elif isinstance(value, list) and name == "formats":
        yield from (f"--{name}", ",".join(map(_text, value)))
    elif isinstance(value, list):
        yield from (f"--{name}", *map(_text, value))
    else:
        text = _text(value)
        yield from [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _toml(value: Any) -> str:
    """A value as TOML. A basic string is one of JSON, with DEL escaped as well."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
