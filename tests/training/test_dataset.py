"""Laws of rendered sets on disk."""

import numpy as np
import pytest

from training import dataset
from training.dataset import RenderedSet, record_dtype, render_set


def shard(yaws, side=16):
    """Records that differ by their yaw."""
    records = np.zeros(len(yaws), record_dtype(side))
    records["yaw"] = yaws
    return records


def test_records_are_numbered_through_all_shards(tmp_path):
    np.save(tmp_path / "00000000.npy", shard([0, 1, 2]))
    np.save(tmp_path / "00000003.npy", shard([3, 4]))
    records = RenderedSet(tmp_path)
    assert [float(records[number]["yaw"]) for number in range(len(records))] == [0, 1, 2, 3, 4]


def test_an_empty_folder_and_shards_of_two_sides_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="make them with"):
        RenderedSet(tmp_path)
    np.save(tmp_path / "00000000.npy", shard([0]))
    np.save(tmp_path / "00000001.npy", shard([1], side=32))
    with pytest.raises(ValueError, match="differ in side"):
        RenderedSet(tmp_path)


class Now:
    """Stands for the pool of processes."""

    def __init__(self, _workers):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, *arguments):
        self.given = function(*arguments)
        return self

    def result(self):
        return self.given


def test_with_a_people_model_the_scenes_are_those_of_people(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "ProcessPoolExecutor", Now)
    model, rooms = tmp_path / "makehuman.npz", tmp_path / "rooms.npz"
    monkeypatch.setattr(dataset, "_people", lambda _face, *paths: paths)
    monkeypatch.setattr(dataset, "render_portrait", lambda *given: given)

    def as_record(given):
        assert given[:2] == (model, rooms)
        return shard([given[2]], given[3])[0]

    monkeypatch.setattr(dataset, "as_record", as_record)
    render_set(tmp_path, tmp_path / "set", 2, 10, 16, 1, model, rooms)
    assert [float(record["yaw"]) for record in np.load(tmp_path / "set" / "00000010.npy")] == [10, 11]


def test_without_a_face_model_the_scenes_are_those_without_a_person(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "ProcessPoolExecutor", Now)
    render_set(None, tmp_path / "set", 3, 10, 16, 1)
    records = np.load(tmp_path / "set" / "00000010.npy")
    nobody = 1 << dataset.GROUPS.index("nobody")
    assert (records["has"] & nobody).all() and not records["matte"].any() and not records["heads"].any()
    assert len(np.unique(records["rgb"].reshape(3, -1), axis=0)) == 3


def test_names_of_groups_fit_the_bits_of_a_record():
    assert len(set(dataset.GROUPS)) == len(dataset.GROUPS) <= 64
    assert dataset.GROUPS.index("sepia") == 39  # sets that are rendered already keep their bits


def test_a_repeated_call_renders_what_is_missing(tmp_path, monkeypatch):
    """One process stands for the pool; a "render" is a record with its seed as yaw."""
    rendered = []

    def render(_model, _regions, seed, side):
        rendered.append(seed)
        return seed, side

    monkeypatch.setattr(dataset, "ProcessPoolExecutor", Now)
    monkeypatch.setattr(dataset, "SHARD", 2)
    monkeypatch.setattr(dataset, "_model", lambda path: (None, None))
    monkeypatch.setattr(dataset, "render", render)
    monkeypatch.setattr(dataset, "as_record", lambda sample: shard([sample[0]], sample[1])[0])
    render_set(tmp_path, tmp_path / "set", 5, 10, 16, workers=1)
    (tmp_path / "set" / "00000012.npy").unlink()
    np.save(tmp_path / "set" / "00000014.npy", shard([9], side=32))  # of another side
    render_set(tmp_path, tmp_path / "set", 5, 10, 16, workers=1)
    assert rendered == [10, 11, 12, 13, 14, 12, 13, 14]
    records = RenderedSet(tmp_path / "set")
    assert [float(records[number]["yaw"]) for number in range(len(records))] == [10, 11, 12, 13, 14]
