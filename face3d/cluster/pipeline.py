"""The run on a cluster as one pipeline of Ray Data: list of photos, actors, lines of the manifest.

Ray schedules it, holds the photos back that no actor is free for, begins again what is lost with an actor or
a computer, and keeps the checkpoint that a run goes on from.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import pyarrow
import ray
from ray.data import ActorPoolStrategy, DataContext, Datasource, ReadTask
from ray.data.block import Block, BlockAccessor, BlockMetadata
from ray.data.checkpoint import CheckpointConfig
from ray.data.datasource import BlockBasedFileDatasink, FilenameProvider, WriteResult

from face3d.cluster.converter import Converter, Job
from face3d.cluster.options import LOCAL
from face3d.cluster.photos import MANIFEST, Row
from face3d.errors import BatchError

CHECKPOINT = ".checkpoint"
"""Folder of the output: Ray's list of what is done."""
MOST_OF_BLOCK = 16
"""Photos that one call of an actor converts: what is lost with the actor, and as many are in one file of the
checkpoint and of the manifest."""
BLOCKS_PER_ACTOR = 8
"""At least, so that all of them end at about the same time."""
LITTLE: Mapping[str, Any] = {"num_cpus": 0, "memory": 200 * 2**20}
"""What Ray sets aside for a task that reads the list or writes lines. With any core they would wait for the
actors, which take all, and the actors for them."""

OURS = re.compile(r"^face3d\.errors\.\w+: (.+)$", re.MULTILINE)
"""What an actor has raised, in the traceback that Ray gives on as text."""
REMEDY = "Check --ray, and that each computer of the cluster has this program with the extra `ray`."


class Ended(NamedTuple):
    """What a run did: how many photos have a line, and where each is that failed, with the reason."""

    lines: int
    failures: Sequence[tuple[str, str]]


def run(rows: Sequence[Row], job: Job, address: str, actors: int | None, actor_gb: float) -> Ended:
    """Convert the photos that the checkpoint in the output folder has not as done.

    address: of the cluster; `LOCAL` for this computer. actors: at most so many at a time, default: as many as
    there are cores; each with one core and so much memory.
    Raises: BatchError, with what Ray says.
    """
    try:
        with _connected(address):
            actors = actors or max(1, int(ray.cluster_resources().get("CPU", 1)))
            with DataContext.current(_context(job)):
                return _convert_all(rows, job, actors, actor_gb)
    except ray.exceptions.RayError as error:
        if found := OURS.search(str(error)):
            raise BatchError(found[1]) from error
        raise BatchError(f"Ray ended the run: {_first_line(error)} {REMEDY}") from error


@contextmanager
def _connected(address: str) -> Iterator[None]:
    """Ray, connected. Raises: BatchError."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    dashboard = False if address == LOCAL else None
    try:
        ray.init(address, include_dashboard=dashboard, logging_level=logging.ERROR, log_to_driver=False)
    except Exception as error:  # it raises what comes, as plain exceptions
        raise BatchError(f"Ray cannot be reached or started: {_first_line(error)} {REMEDY}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _context(job: Job) -> DataContext:
    """Settings of Ray Data for this run."""
    context = DataContext.get_current().copy()
    context.checkpoint_config = CheckpointConfig(
        "id",
        job.output.at(CHECKPOINT).path,
        delete_checkpoint_on_success=False,
        override_filesystem=job.output.filesystem,
    )
    context.use_datasource_v2 = False  # it starts 32 processes to read the checkpoint
    context.enable_progress_bars = sys.stderr.isatty()
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return context


def _convert_all(rows: Sequence[Row], job: Job, actors: int, actor_gb: float) -> Ended:
    sink = ManifestLines(job)
    photos = ray.data.read_datasource(Photos(rows, actors), **LITTLE)
    lines = photos.map_batches(
        Converter,
        fn_constructor_args=(job,),
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(min_size=1, max_size=actors),
        num_cpus=1,
        memory=int(actor_gb * 2**30),
    )
    lines.write_datasink(sink, ray_remote_args=LITTLE)
    return sink.ended


class Photos(Datasource):
    """The list of photos, in blocks of a few."""

    def __init__(self, rows: Sequence[Row], actors: int) -> None:
        super().__init__()
        size = max(1, min(MOST_OF_BLOCK, len(rows) // (actors * BLOCKS_PER_ACTOR)))
        self._blocks = [rows[start : start + size] for start in range(0, len(rows), size)]

    def estimate_inmemory_data_size(self) -> int:
        """About how many bytes the list takes."""
        return sum(map(_bytes_of, self._blocks))

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[ReadTask]:
        """A task for each block."""
        return [
            ReadTask(
                partial(_table, block),
                BlockMetadata(len(block), _bytes_of(block), None),
                per_task_row_limit=per_task_row_limit,
            )
            for block in self._blocks
        ]


def _table(rows: Sequence[Row]) -> list[Block]:
    return [pyarrow.Table.from_pylist([row._asdict() for row in rows])]


def _bytes_of(rows: Sequence[Row]) -> int:
    return sum(len(text) for row in rows for text in row)


class Names(FilenameProvider):
    """Names of the manifest's files, in the order of runs."""

    def __init__(self) -> None:
        super().__init__(file_format="jsonl")
        self._begun = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())

    def get_filename_for_task(self, write_uuid: str, task_index: int) -> str:
        """The name of the file of one block."""
        return f"{self._begun}_{write_uuid}_{task_index:06}.jsonl"


class ManifestLines(BlockBasedFileDatasink):
    """Writes lines of a manifest, a file for each block. ended: set on the driver when all is written."""

    def __init__(self, job: Job) -> None:
        place = job.output.at(MANIFEST)
        super().__init__(place.path, filesystem=place.filesystem, filename_provider=Names())
        self.ended = Ended(0, ())

    def write(self, blocks: Iterable[Block], ctx: Any) -> Any:
        """Returns the failures of the blocks."""
        written = list(blocks)
        super().write(written, ctx)
        return [(row["photo"], row["error"]) for row in _rows(written) if row["error"]]

    def write_block_to_file(self, block: BlockAccessor, file: pyarrow.NativeFile) -> None:
        """Write the lines of a block to its file."""
        file.write("".join(f"{row['line']}\n" for row in _rows([block.to_block()])).encode())

    def on_write_complete(self, write_result: WriteResult) -> None:
        """Sum up, on the driver, what the blocks have returned."""
        super().on_write_complete(write_result)
        failures = [failure for some in write_result.write_returns for failure in some or ()]
        self.ended = Ended(write_result.num_rows, failures)


def _rows(blocks: Iterable[Block]) -> Iterator[Any]:
    for block in blocks:
        yield from BlockAccessor.for_block(block).iter_rows(public_row_format=True)


def _first_line(error: Exception) -> str:
    """What an error of Ray says, without the traceback of the other computer."""
    cause = getattr(error, "cause", None) or error
    said = str(cause).strip().splitlines() or [type(cause).__name__]
    return f"{said[0].rstrip('.')}."
