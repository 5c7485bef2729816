"""`photo-to-3d-face batch`: options, photos, Ray, and what is said at the end."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from face3d import console
from face3d.batch.depth_options import check_depth_options
from face3d.batch.inputs import shown
from face3d.batch.lock import only_run_into
from face3d.batch.options import arguments, check_settings
from face3d.batch.run_options import recipe_of
from face3d.batch.video_options import check_video_options
from face3d.cluster.converter import Job
from face3d.cluster.options import parsed
from face3d.cluster.photos import MANIFEST, Row, earlier_lines, listed, rows_of
from face3d.cluster.storage import storage_at
from face3d.errors import BatchError
from face3d.export.files import remove_unfinished

MISSING = "The command batch needs Ray. Run: pip install 'ray[data]>=2.60' 'fsspec[http]>=2026.9'"
NEEDED = ("ray", "pyarrow", "fsspec")
FAILURES_SHOWN = 20
"""Of a run, on the terminal; all stand in the manifest."""


def batch(words: Sequence[str], opened: str) -> int:
    """Convert a folder of photos on a cluster; returns the exit code.

    words: of the command line after `batch`. opened: as of `Job`.
    Raises: FaceModelError where a setting, a place, Ray or the network is of no use.
    """
    options = parsed(words)
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise BatchError(MISSING)
    check_settings(options)
    source, output = storage_at(options.photos), storage_at(options.output)
    if source.path.rstrip("/") == output.path.rstrip("/"):
        raise BatchError("INPUT and OUTPUT are the same folder. Choose another for OUTPUT.")
    photos = listed(source, output)
    for sentence in [*photos.found.passed_over, *photos.found.failures]:
        print(sentence, file=sys.stderr)
    if not photos.found.photos:
        return console.FAILED
    check_video_options(options, photos.found.photos)
    check_depth_options(options, photos.found.photos)
    recipe = recipe_of(options, arguments().parse_args([]))
    earlier = earlier_lines(output.at(MANIFEST)) if options.resume else ()
    rows = rows_of(photos, output, options.face, recipe.as_json(), earlier)
    job = Job(opened, options, recipe, source, output)
    if not output.is_local:
        return _run(rows, job, options)
    with only_run_into(Path(output.path)):
        return _run(rows, job, options)


def _run(rows: Sequence[Row], job: Job, options: argparse.Namespace) -> int:
    """The exit code of the run; what became of it is printed."""
    from face3d.cluster import pipeline

    if job.output.is_local:
        for folder in {Path(job.output.path, row.name).parent for row in rows}:
            remove_unfinished(folder)
    if not options.resume:
        job.output.remove(pipeline.CHECKPOINT)
    try:
        ended = pipeline.run(rows, job, options.ray, options.actors, options.actor_gb)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("The same command with --resume goes on.") from None
    for photo, error in ended.failures[:FAILURES_SHOWN]:
        print(f"{shown(photo)}: failed. {shown(error)}", file=sys.stderr)
    if more := len(ended.failures[FAILURES_SHOWN:]):
        print(f"And {more} more.", file=sys.stderr)
    known = len(rows) - ended.lines
    also = f", {known} were done already" if known else ""
    print(
        f"{ended.lines - len(ended.failures)} of {len(rows)} photos are converted{also}; their lines are in "
        f"{shown(job.output.at(MANIFEST).name)}/."
    )
    return console.FAILED if ended.failures else 0
