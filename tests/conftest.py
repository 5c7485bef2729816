"""One thread to a process; models of few triangles and networks with a memory for the tests of the page; a
formula in place of a network for those of the command line; a file on a server of this machine for the tests
of downloads and of the checkpoint store.
"""

import gc
import os

# Before torch, numpy and OpenCV are there; every process that a test starts inherits it. Threads of one pool
# wait for each other by spinning: on two busy cores a prediction took seven times the processor time.
os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
os.environ["OPENCV_FOR_THREADS_NUM"] = "1"
os.environ["NUMBA_OPT"] = "1"  # compiling takes longer than what the tests render

import pytest
from file_server import CONTENT, DIGEST, file_server
from hypothesis import settings
from stand_in import with_memory

from face3d.depth.spec import RemoteFile

# `make test` gives the same answer for the same commit; `make test-all` draws new examples (see Makefile).
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("random", derandomize=False, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_finish():
    """Streamlit collects garbage after each run of the page: not among PyTorch's million objects."""
    gc.freeze()


@pytest.fixture
def coarse_models(monkeypatch):
    """Models on the page have a twentieth of their triangles, and the figure a sixteenth of its points."""
    from page.model_controls import DETAIL

    for name, detail in DETAIL.items():
        few = {key: count // (4 if key == "grid_side" else 20) for key, count in detail.items()}
        monkeypatch.setitem(DETAIL, name, few)


REMEMBERED = "predict", "find_faces", "find_turn"


@pytest.fixture(scope="session")
def memory():
    """`REMEMBERED` functions of the depth networks, each computed once for a photo in all the tests."""
    import depth_estimation

    return {name: with_memory(getattr(depth_estimation, name)) for name in REMEMBERED}


@pytest.fixture
def remembering(memory, monkeypatch):
    """The page's networks with that memory: only the first test that asks for a photo's map waits for it."""
    for name, function in memory.items():
        monkeypatch.setattr(f"page.inference_queue.{name}", function)


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


@pytest.fixture
def formula(monkeypatch):
    """In place of a network: the formula's head at the photo's size; a photo of one pixel fails."""
    import depth_estimation
    from face3d.errors import DepthError
    from face3d.synthetic import head

    def predict(given, photo):
        if photo.size_hw == (64, 64):
            raise DepthError("This photo is of no use. Choose another.")
        return head(photo.size_hw)

    monkeypatch.setattr(depth_estimation, "load_network", lambda name="face", **_: name)
    monkeypatch.setattr(depth_estimation, "predict", predict)
    monkeypatch.setattr(depth_estimation, "cut_out", lambda depth, *_, **__: depth)
    monkeypatch.setattr(depth_estimation, "find_turn", lambda *_: 0)


@pytest.fixture
def small_pictures(monkeypatch):
    """Pictures of a model and the frames of its turntable are small and few."""
    monkeypatch.setattr("face3d.export.renderings.PICTURE_PX", 160)
    monkeypatch.setattr("face3d.export.turntable.SIZE_PX", 64)
    monkeypatch.setattr("face3d.export.turntable.FRAMES", 4)
