"""One thread to a process, and a file on a server of this machine for the tests of downloads and of the checkpoint store."""

import os

# Before torch, numpy and OpenCV are there; every process that a test starts inherits it. Threads of one pool wait for each other by
# spinning: on two busy cores a prediction took seven times the processor time that it takes on one thread.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"))

import pytest
from file_server import CONTENT, DIGEST, file_server
from stand_in import with_memory

from network_spec import RemoteFile


@pytest.fixture
def coarse_models(monkeypatch):
    """Models on the page have a twentieth of their triangles, and the figure a sixteenth of its points."""
    from steps.model_step import DETAIL

    for name, detail in DETAIL.items():
        few = {key: count // (4 if key == "grid_side" else 20) for key, count in detail.items()}
        monkeypatch.setitem(DETAIL, name, few)


@pytest.fixture(scope="session")
def memory():
    """`predict` and `find_faces` of the depth networks, each computed once for a photo in all the tests."""
    import depth_estimation

    return {name: with_memory(getattr(depth_estimation, name)) for name in ("predict", "find_faces")}


@pytest.fixture
def remembering(memory, monkeypatch):
    """The page's networks with that memory: they give what they give, and only the first test that asks pays for it."""
    for name, function in memory.items():
        monkeypatch.setattr(f"inference_desk.{name}", function)


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
