"""Tasks spread over processes. One that dies costs at most its task, and never holds the others up."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any, Generic, TypeVar

from face3d.errors import BatchError, FaceModelError

Work = TypeVar("Work")
Result = TypeVar("Result")

TRIES = 2
"""How often a task is begun whose process dies: another program may have taken the memory the first time."""
GRACE_SECONDS = 2.0
"""How long a process that is told to end may take to remove its unfinished files."""
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
"""What the libraries read, when they are loaded, about the number of their threads."""

CONTEXT = multiprocessing.get_context("spawn")


class Died(Exception):
    """The process of a task died. The message says how."""


@dataclass(eq=False)
class _Worker(Generic[Work]):
    """One process. ready: opened. task: what it works on, None between two. tries: at it before this one."""

    process: multiprocessing.process.BaseProcess
    pipe: connection.Connection
    ready: bool = False
    task: Work | None = None
    tries: int = 0


def cores() -> int:
    """Processor cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_gb() -> float:
    """Memory of this computer; infinite where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (AttributeError, ValueError, OSError):  # not on Windows
        return float("inf")


def spread(
    tasks: Iterable[Work],
    opened: Callable[[Any], Callable[[Work], Result]],
    argument: Any,
    jobs: int,
) -> Iterator[tuple[Work, Result | Died]]:
    """Each task with its result, in the order in which they are done, from `jobs` processes.

    opened: called once in each process with `argument`; returns what is called with each task there. A module
    must hold it: the processes start anew (spawn). The threads of their libraries add up to the cores.
    tasks: the next one is taken when a process is free for it. Ctrl-C reaches this process only; an exception
    here ends the others.
    Raises: FaceModelError, of `opened`; BatchError where no process lives to the end of it.
    """
    waiting, again = iter(tasks), list[tuple[Work, int]]()
    with _processes() as workers:
        workers += [_started(opened, argument, jobs) for _ in range(jobs)]
        ended = False
        while True:
            for worker in [one for one in workers if one.ready and one.task is None]:
                if again:
                    worker.task, worker.tries = again.pop()
                elif not ended:
                    worker.task, worker.tries = next(waiting, None), 0
                    ended = worker.task is None
                if worker.task is not None:
                    with suppress(OSError):  # it has died; what follows finds out
                        worker.pipe.send(worker.task)
            if ended and not again and all(worker.task is None for worker in workers):
                return
            pipes = {worker.pipe: worker for worker in workers}
            for worker in [pipes[pipe] for pipe in connection.wait(list(pipes))]:  # type: ignore[index]
                task = worker.task
                try:
                    answer = worker.pipe.recv()
                except (EOFError, OSError):
                    how = _end(worker)
                    workers.remove(worker)
                    if task is not None:
                        workers.append(_started(opened, argument, jobs))
                        if worker.tries + 1 < TRIES:
                            again.append((task, worker.tries + 1))
                        else:
                            yield task, Died(how)
                    elif not workers:
                        said = f"A process ended before its first photo: {how}. Use fewer --jobs."
                        raise BatchError(said) from None
                    continue
                if isinstance(answer, FaceModelError):
                    raise answer
                worker.ready, worker.task = True, None
                if task is not None:
                    yield task, answer


@contextmanager
def _processes() -> Iterator[list[_Worker[Any]]]:
    """A list of workers, which are ended with the context: those at work by a signal, others by a word."""
    workers: list[_Worker[Any]] = []
    try:
        yield workers
    finally:
        for worker in workers:
            if worker.ready and worker.task is None:
                with suppress(OSError):
                    worker.pipe.send(None)
            else:
                worker.process.terminate()
        for worker in workers:
            _end(worker)


def _started(opened: Callable[[Any], Callable[[Any], Any]], argument: Any, jobs: int) -> _Worker[Any]:
    """A process that has begun to open."""
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_serve, args=(theirs, opened, argument), daemon=True)
    with _threads_of_libraries(max(1, cores() // jobs)), _interrupts_held_back():
        process.start()
    theirs.close()
    return _Worker(process, ours)


def _end(worker: _Worker[Any]) -> str:
    """See a process to its end. Returns how it ended."""
    worker.process.join(GRACE_SECONDS)
    if worker.process.exitcode is None:
        worker.process.kill()
        worker.process.join()
    worker.pipe.close()
    code = worker.process.exitcode or 0
    return f"signal {-code}" if code < 0 else f"exit code {code}"


@contextmanager
def _threads_of_libraries(count: int) -> Iterator[None]:
    """Processes that are started meanwhile compute in so many threads, where the user says nothing else."""
    missing = [name for name in THREAD_VARIABLES if name not in os.environ]
    os.environ.update(dict.fromkeys(missing, str(count)))
    try:
        yield
    finally:
        for name in missing:
            del os.environ[name]


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Ctrl-C waits. A process that is started meanwhile never gets it, not even while it imports."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: connection.Connection, opened: Callable[[Any], Callable[[Any], Any]], argument: Any) -> None:
    """The life of a process: open, say so, then answer each task, until there is none or nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _exit_in_order)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            work = opened(argument)
        except (FaceModelError, OSError) as error:
            pipe.send(error if isinstance(error, FaceModelError) else BatchError(str(error)))
            return
        pipe.send(None)
        while (task := pipe.recv()) is not None:
            pipe.send(work(task))


def _end_with_parent() -> None:
    """Where the program is killed, its processes write no more: the next run may begin at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _exit_in_order(*_: object) -> None:
    """Unfinished files are removed on the way."""
    raise SystemExit(128 + signal.SIGTERM)
