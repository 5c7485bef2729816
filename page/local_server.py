"""A server of the page on a free port of 127.0.0.1: for tests, screenshots and benchmarks."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class LocalServer:
    """A running server. address: without a slash at its end. pid: of the process."""

    address: str
    pid: int


@contextlib.contextmanager
def serving(program: Sequence[str] = ("-m", "streamlit"), **environment: str) -> Iterator[LocalServer]:
    """Start a server with these additional environment variables, wait until it answers, stop it at the end.

    program: Python's arguments for Streamlit's command line, or for a substitute.
    Raises: RuntimeError where it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, *program, "run", "app.py", "--server.port", str(port)]
    variables = os.environ | environment
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=quiet, stderr=quiet)
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield LocalServer(f"http://127.0.0.1:{port}", server.pid)
    finally:
        _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Terminate the server; kill it after 30 seconds, because a running prediction does not stop."""
    server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"The page's server ended with {server.returncode}; `make run` shows why.")
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The page's server did not answer within {START_TIMEOUT_SECONDS} seconds.")
