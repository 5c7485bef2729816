"""A model in the background: what the page is told meanwhile, and when it is given up."""

import threading

import pytest

from face3d.errors import FaceModelError, GeometryError
from face3d.geometry.settings import ModelSettings
from page import model_work
from page.depth_request import DepthKey
from page.inference_queue import FifoLock
from page.model_work import ModelInputs, ModelWork

INPUTS = ModelInputs(DepthKey("photo", "face"), "bust", ModelSettings())


def test_the_page_hears_the_place_in_the_queue_until_the_model_is_there():
    queue, heard, gate = FifoLock(), [], threading.Event()

    def make(report):
        with queue.hold(report):
            return "model"

    def hear(status):
        heard.append(status)
        if "ahead" in status:
            gate.set()

    def first():
        with queue.hold(lambda _: None):
            begun.set()
            gate.wait(10)

    begun = threading.Event()
    threading.Thread(target=first).start()
    assert begun.wait(10)
    work = ModelWork(INPUTS, make)
    assert work.wait(hear) == "model" and not work.failed
    assert any("1 photo ahead" in status for status in heard)


def test_an_error_of_the_thread_is_the_waiting_pages():
    def fail(_):
        raise GeometryError("No pixel is left. Choose another photo.")

    work = ModelWork(INPUTS, fail)
    for _ in range(2):
        with pytest.raises(GeometryError, match="No pixel is left"):
            work.wait(lambda _: None)
    assert work.failed


@pytest.mark.parametrize("leave", ["another", "closed"])
def test_a_model_that_nobody_waits_for_leaves_the_queue(monkeypatch, leave):
    queue, made = FifoLock(), []

    def make(report):
        with queue.hold(report):
            made.append(1)

    with queue.hold(lambda _: None):
        work = ModelWork(INPUTS, make)
        if leave == "another":
            work.give_up()
        else:
            monkeypatch.setattr(model_work, "UNWATCHED_SECONDS", 0)
        with pytest.raises(FaceModelError, match="given up"):
            work.wait(lambda _: None)
    assert not made and work.failed
