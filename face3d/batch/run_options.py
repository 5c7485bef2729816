"""Options of the command line about a run: what is done again, what is noted, and when it stops."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from face3d.batch import manifest
from face3d.batch.depth_options import DEFAULT_NETWORK
from face3d.batch.inputs import Found, find_photos, shown
from face3d.batch.manifest import Recipe
from face3d.batch.outputs import ENDINGS, STRIP_FORMAT, check_folder, place_of
from face3d.batch.workers import cores, memory_gb
from face3d.depth.checkpoints import published_digest
from face3d.depth.download import sha256_of
from face3d.depth.registry import NETWORKS
from face3d.errors import BatchError

_WHICH = ("photos", "recursive", "resume", "dry_run", "fail_fast", "jobs", "settings")
OVERVIEWS = ("manifest", "sheet", "csv")
"""Of the namespace: files about the run as a whole."""
_WHERE_TO = ("output", *OVERVIEWS)
_ON_A_CLUSTER = ("ray", "actors", "actor_gb")
RUN_OPTIONS = frozenset((*_WHICH, *_WHERE_TO, *_ON_A_CLUSTER))
"""Of the namespace: what decides which photos are converted, how and where to, not what comes out of one."""
FEW = 4
"""Photos that one process has converted about as soon as others have loaded the network."""
GB_PER_JOB = 2.0
"""Memory that the default leaves to a process; one with the bundled network takes about 1.5 GB."""
FILES_READ = ("mask", "hidden", "depth_map", "checkpoint")
"""Of the namespace: what may name a file that the output depends on."""


def add_settings_file(parser: argparse.ArgumentParser) -> None:
    """Add `--settings`."""
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="a TOML file with settings by the names of these options, as the page saves it; what the "
        "command line says itself counts first",
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    add_settings_file(parser)
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="take the photos of folders inside the folders that are named too; their files come into the "
        "same folders inside the output's. Hidden folders and links to folders are left out",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help=f"processes that convert at the same time, each with the network; default: as many as there are "
        f"cores, 1 for up to {FEW} photos, for a network that may run on a GPU, and for --prompt",
    )
    parser.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE",
        help="a JSON line for each photo, added to the file when the photo is done: digests of the photo and "
        "of its files, settings, figures of the report, seconds, or the error",
    )
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="FILE",
        help="an HTML file with photo, depth map, model and figures of all results, to be sorted; it works "
        f"offline. Adds the format {STRIP_FORMAT}",
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="a table with the mesh reports of all results, as CSV"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="pass over what the manifest has as done: same photo, settings, version and network, and its "
        "files still there as they were written",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be converted to which files, and end"
    )
    parser.add_argument("--fail-fast", action="store_true", help="stop after the first photo that fails")


def check_run_options(options: argparse.Namespace) -> None:
    """Complete the options by what others need. Raises BatchError, before any work, for options that do not
    fit each other; ExportError where a file of them cannot be written.
    """
    if options.resume and options.manifest is None:
        raise BatchError("--resume goes on from a manifest. Add --manifest FILE.")
    for name, endings in (("sheet", (".html", ".htm")), ("csv", (".csv",))):
        path = getattr(options, name)
        if path is None:
            continue
        if path.suffix.lower() not in endings:
            raise BatchError(f"--{name} writes {shown(path)}: give it a name that ends in {endings[0]}.")
        check_folder(path.parent)
    if options.sheet and STRIP_FORMAT not in options.formats:
        options.formats = [*options.formats, STRIP_FORMAT]
    if options.jobs is not None and options.jobs < 1:
        raise BatchError(f"--jobs must be 1 or more, not {options.jobs}.")


def found_photos(options: argparse.Namespace) -> Found:
    """The photos that the options name."""
    overviews = [path for name in OVERVIEWS if (path := getattr(options, name)) is not None]
    return find_photos(options.photos, options.recursive, options.output, overviews)


def known_names(options: argparse.Namespace, recipe: Recipe) -> dict[Path, str]:
    """By photo the name that its files have from the run that is gone on from; empty for a run anew.

    Raises: BatchError for a file that is no manifest.
    """
    lines = manifest.read(options.manifest) if options.resume else ()
    return {Path(photo): name for photo, name in manifest.kept_names(lines, recipe.settings).items()}


def check_overviews(options: argparse.Namespace, read: Sequence[Path], names: Sequence[str]) -> None:
    """Raises BatchError, before any work, where manifest, sheet or table would take the place of a file that
    is read, of one of a photo's own, or of each other.

    names: of `output_names`.
    """
    inputs, begins = {place_of(path) for path in read}, {place_of(options.output / name) for name in names}
    chosen: dict[str, str] = {}
    for name in OVERVIEWS:
        path = getattr(options, name)
        if path is None:
            continue
        place = place_of(path)
        if place in inputs:
            taken = "a file that is read"
        elif any(place.endswith(end) and place[: -len(end)] in begins for end in ENDINGS):
            taken = "one of a photo's files"
        elif place in chosen:
            taken = f"also what --{chosen[place]} names"
        else:
            chosen[place] = name
            continue
        raise BatchError(f"--{name} names {shown(path)}, which is {taken}. Choose another name for it.")


def chosen_jobs(options: argparse.Namespace, photos: int) -> int:
    """How many processes convert so many photos."""
    if options.jobs is not None:
        return max(1, min(options.jobs, photos))
    on_gpu = options.network != DEFAULT_NETWORK and options.device != "cpu"
    if photos <= FEW or on_gpu or options.prompt is not None:
        return 1
    return max(1, min(cores(), photos, round(memory_gb() / GB_PER_JOB)))


def recipe_of(options: argparse.Namespace, defaults: argparse.Namespace) -> Recipe:
    """What the options say about the files of every photo. defaults: the namespace without any option."""
    network = {"name": options.network}
    if options.checkpoint is None:
        network["sha256"] = published_digest(NETWORKS[options.network])
    if options.depth_map is not None:
        network = {"name": "none"}
    return Recipe(chosen_settings(options, defaults), _digests_of_files_read(options), network)


def chosen_settings(options: argparse.Namespace, defaults: argparse.Namespace) -> dict[str, Any]:
    """What was chosen about the output of a photo and is no default, by the option's name in the namespace,
    as JSON has it.
    """
    usual = vars(defaults)
    chosen = {
        name: value
        for name, value in vars(options).items()
        if name not in RUN_OPTIONS and value != usual[name]
    }
    return {name: str(value) if isinstance(value, Path) else value for name, value in sorted(chosen.items())}


def _digests_of_files_read(options: argparse.Namespace) -> Mapping[str, str]:
    """SHA-256 of the files that the options name and the output depends on, by the option's name."""
    named = {name: getattr(options, name) for name in FILES_READ}
    return {name: sha256_of(Path(path)) for name, path in named.items() if path and Path(path).is_file()}
