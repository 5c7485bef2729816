"""One thread to a process, and a file on a server of this machine for the tests of downloads and of the checkpoint store."""

import os

# Before torch, numpy and OpenCV are there; every process that a test starts inherits it. Threads of one pool wait for each other by
# spinning: on two busy cores a prediction took seven times the processor time that it takes on one thread.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"))

import pytest
from file_server import CONTENT, DIGEST, file_server

from network_spec import RemoteFile


@pytest.fixture
def server(monkeypatch):
    """`file_server` as it starts, with no proxy before it."""
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with file_server() as running:
        yield running


@pytest.fixture
def file(server):
    """The file it serves, as a network's table names it."""
    return RemoteFile("net.pt", f"http://127.0.0.1:{server.server_port}/net.pt", len(CONTENT), True, DIGEST)
