"""A picture in a thread of its own: its result, its faults, and its end."""

import threading

import pytest

from face3d.errors import ImagineError
from face3d.imagine.picture import Picture, Stage
from page import drawing
from page.drawing import Drawing
from page.inference_queue import FifoLock

PICTURE = Picture("a_man_0", b"", {})


def test_the_result_is_there_when_it_is_done():
    one = Drawing(lambda report: PICTURE, FifoLock())
    one.wait()
    assert one.is_done and one.picture is PICTURE and not one.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImagineError("Choose another size."), "Choose another size."),
        (ZeroDivisionError(), "unexpected error"),
    ],
)
def test_a_fault_is_one_sentence(error, said):
    def make(report):
        raise error

    one = Drawing(make, FifoLock())
    one.wait()
    assert one.picture is None and said in one.error


def stepping(reached):
    """Makes a picture that goes on for ever; sets `reached` after its first step."""

    def make(report):
        while True:
            report(Stage("Step", 0.5))
            reached.set()

    return make


def test_it_is_cancelled_at_its_next_step_and_the_next_one_gets_its_turn():
    reached, queue = threading.Event(), FifoLock()
    one = Drawing(stepping(reached), queue)
    assert reached.wait(20)
    waiting, last = Drawing(stepping(threading.Event()), queue), Drawing(lambda report: PICTURE, queue)
    waiting.cancel()
    waiting.wait()
    assert last.picture is None and one.watch().text == "Step"
    one.cancel()
    one.wait()
    last.wait()
    assert one.picture is None and not one.error and last.picture is PICTURE


def test_it_is_given_up_where_nobody_looks(monkeypatch):
    monkeypatch.setattr(drawing, "UNWATCHED_SECONDS", 0.0)
    one = Drawing(stepping(threading.Event()), FifoLock())
    one.wait()
    assert one.picture is None and not one.error
