"""The command line of the checkpoint store: `python -m face3d.depth list`, `fetch`, `verify` and `path`."""

from __future__ import annotations

import argparse
import sys

from face3d import console
from face3d.depth.checkpoints import (
    CheckpointLocation,
    accuracy_text,
    cache_folder,
    find,
    find_or_fetch,
    print_progress,
    status,
    verify,
)
from face3d.depth.registry import NETWORKS


def _print_list() -> None:
    rows = [("name", "size", "where", "licence", "accuracy")]
    for spec in NETWORKS.values():
        state = status(spec)
        size, location = state.size_text or "-", state.location.value
        rows.append((spec.name, size, location, spec.licence, accuracy_text(spec)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _print_fetched(name: str) -> None:
    try:
        print(find_or_fetch(NETWORKS[name], progress=print_progress))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("The part received so far is kept; the next fetch resumes it.") from None


def _print_verify(names: list[str]) -> bool:
    """Prints a line for each named network, or for each in the cache; True where all are here and sound."""
    sound = True
    printed = 0
    for name in names or NETWORKS:
        state, problem = status(NETWORKS[name]), verify(NETWORKS[name])
        cached = state.location is CheckpointLocation.CACHED
        if names or cached or problem:
            print(f"{name}: {problem or ('sound' if cached else state.text)}")
            sound = sound and state.available and not problem
            printed += 1
    if not printed:
        print(f"No checkpoint has been downloaded to {cache_folder()} yet.")
    return sound


def _run(argv: list[str] | None) -> int:
    """Does what the arguments say; returns 0 on success, 1 on failure. Raises WeightsError."""
    parser = argparse.ArgumentParser(
        prog="python -m face3d.depth", description="Checkpoints of the depth networks."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all networks, their sizes, and which are here")
    commands.add_parser("fetch", help="download a network's checkpoint").add_argument(
        "name", choices=list(NETWORKS), metavar="NAME"
    )
    verify_names = commands.add_parser("verify", help="check downloaded files against their SHA-256")
    verify_names.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    path_name = commands.add_parser("path", help="the cache folder, or a network's file")
    path_name.add_argument("name", nargs="?", choices=list(NETWORKS), metavar="NAME")
    options = parser.parse_args(argv)
    if options.command == "verify" and (unknown := [name for name in options.names if name not in NETWORKS]):
        parser.error(f"there is no network {', '.join(unknown)}; choose from {', '.join(NETWORKS)}")
    if options.command == "list":
        _print_list()
    elif options.command == "fetch":
        _print_fetched(options.name)
    elif options.command == "verify":
        return 0 if _print_verify(options.names) else 1
    elif options.name is None:
        print(cache_folder())
    elif (path := find(NETWORKS[options.name])) is None:
        print(f"{options.name} is not here: {status(NETWORKS[options.name]).text}.", file=sys.stderr)
        return 1
    else:
        print(path)
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command line; returns 0 on success, 1 on failure, 130 where it was interrupted.

    Raises SystemExit with 2 for wrong arguments.
    """
    return console.run(lambda: _run(argv))


if __name__ == "__main__":
    sys.exit(main())
