"""One prediction at a time, one load for each network, and few networks kept."""

import threading
from functools import partial

import numpy as np
import pytest
import stand_in
from sample_files import ASTRONAUT, encoded

from face3d.photo import read_photo
from face3d.structures import DepthRepresentation
from page import inference_queue
from page.inference_queue import FifoLock, InferenceQueue


def test_predictions_run_one_at_a_time_and_report_the_number_ahead(monkeypatch):
    seen = read_photo(ASTRONAUT, "a")
    running, most, heard, gate = [], [], [], threading.Event()

    def slow(network, photo):
        running.append(1)
        most.append(len(running))
        gate.wait(10)
        running.pop()
        return stand_in.predict(network, photo)

    monkeypatch.setattr(inference_queue, "load_network", stand_in.load_network)
    monkeypatch.setattr(inference_queue, "predict", slow)
    queue = InferenceQueue()

    def listen(text):
        heard.append(text)
        if "ahead" in text:
            gate.set()

    visitors = [threading.Thread(target=queue.predict, args=("face", seen, listen)) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(30)
    assert max(most) == 1 and len(most) == 3
    assert any(text.startswith("Waiting: ") for text in heard)


def test_whoever_waits_is_told_about_how_long_it_was_held_before(monkeypatch):
    clock, heard = [0.0], []
    monkeypatch.setattr(inference_queue, "monotonic", lambda: clock[0])
    monkeypatch.setattr(inference_queue, "POLL_SECONDS", 0.01)
    lock = FifoLock()
    with lock.hold(heard.append):
        clock[0] += 8

    def listen(text):
        heard.append(text)
        clock[0] += 3
        if len(heard) > 3:
            raise TimeoutError

    with lock.hold(heard.append), pytest.raises(TimeoutError), lock.hold(listen):
        pass
    place = "Waiting: 1 photo ahead of yours, about"
    assert heard == [f"{place} {seconds} s" for seconds in (8, 5, 2, 1)]


def test_a_download_keeps_only_those_waiting_who_want_the_same_network(monkeypatch):
    photo, loaded, gate = read_photo(ASTRONAUT, "a"), [], threading.Event()

    def load(name, **_):
        loaded.append(name)
        if name == "dpt_beit_large_512":
            gate.wait(10)
        return name

    monkeypatch.setattr(inference_queue, "load_network", load)
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    queue, heard = InferenceQueue(), []
    patient = [
        threading.Thread(target=queue.predict, args=("dpt_beit_large_512", photo, heard.append))
        for _ in range(2)
    ]
    for visitor in patient:
        visitor.start()
    assert queue.predict("face", photo, lambda _: None).mask_hw.any()
    assert all(visitor.is_alive() for visitor in patient)
    gate.set()
    for visitor in patient:
        visitor.join(30)
    assert sorted(loaded) == ["dpt_beit_large_512", "face"]
    assert heard.count("Loading the network") == 1


def test_only_the_networks_used_last_are_kept(monkeypatch):
    photo, loaded = read_photo(ASTRONAUT, "a"), []
    monkeypatch.setattr(inference_queue, "load_network", lambda name, **_: loaded.append(name) or name)
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    queue = InferenceQueue()
    for name in ("face", "a", "face", "b", "face", "a"):
        queue.predict(name, photo, lambda _: None)
    assert loaded == ["face", "a", "b", "a"]


def test_a_visitor_who_leaves_the_queue_frees_the_place(monkeypatch):
    class Left(BaseException):
        pass

    def leave(text):
        if text == "Estimating depth":
            raise Left

    monkeypatch.setattr(inference_queue, "load_network", stand_in.load_network)
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    queue, photo = InferenceQueue(), read_photo(ASTRONAUT, "a")
    with pytest.raises(Left):
        queue.predict("face", photo, leave)
    assert queue.predict("face", photo, lambda _: None).mask_hw.any()


class Face:
    """In place of the bundled network: what `stand_in` sees."""

    predict = staticmethod(partial(stand_in.predict, None))
    find_faces = staticmethod(partial(stand_in.find_faces, None))


def test_every_network_is_cut_out_by_the_bundled_one_of_the_queue(monkeypatch):
    photo, loaded = read_photo(ASTRONAUT, "a"), []
    monkeypatch.setattr(inference_queue, "load_network", lambda name, **_: loaded.append(name) or Face)
    bare = stand_in.predicting(DepthRepresentation.RELATIVE_INVERSE)
    monkeypatch.setattr(inference_queue, "predict", bare)
    queue, seen = InferenceQueue(), stand_in.predict(None, photo)
    depth = queue.predict("midas_v21_384", photo, lambda _: None)
    assert depth.matte == "face" and (depth.matte_hw == seen.matte_hw).all() and depth.faces == seen.faces
    assert loaded == ["midas_v21_384", "face"]
    left = np.zeros((*photo.size_hw, 3), np.uint8)
    left[:, :256] = 255
    mask = read_photo(encoded(left, "PNG"), "mask")
    own = queue.cut_out(lambda: bare(None, photo), photo, lambda _: None, matte="file", mask=mask)
    assert own.matte == "file" and not own.mask_hw[:, 256:].any() and own.mask_hw[:, :256].any()
    whole = queue.predict("midas_v21_384", photo, lambda _: None, matte="none")
    assert whole.matte is None and whole.matte_hw is None
    assert loaded == ["midas_v21_384", "face"]
