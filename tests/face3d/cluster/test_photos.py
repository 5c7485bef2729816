"""The photos of a folder, a store of objects and a list; a row's id changes with all that its files do."""

import json

import fsspec
import pytest
from file_server import CONTENT

from face3d.cluster.photos import MANIFEST, earlier_lines, listed, opened_photo, rows_of
from face3d.cluster.storage import storage_at
from face3d.errors import BatchError, PhotoError
from face3d.photo import MAX_BYTES, listed_formats

OUTPUT = storage_at("memory://shelf/in/out")


@pytest.fixture
def store():
    """A store of objects in memory; the folder shelf/in in it."""
    objects = fsspec.filesystem("memory")
    names = ("b.jpg", "one/a.PNG", "notes.doc", ".a/a.jpg", "._b.jpg", "out/b_depth16.png", "out/x.jpg")
    names += ("b.gif", "one/c.mov", ".DS_Store", "b_bust.glb")
    for name in names:
        objects.pipe(f"/shelf/in/{name}", name.encode())
    yield objects
    objects.rm("/shelf", recursive=True)


def test_photos_of_a_store_have_names_as_those_of_a_folder(store):
    source = storage_at("memory://shelf/in")
    photos = listed(source, OUTPUT)
    rows = rows_of(photos, OUTPUT, 1, {})
    assert [(row.photo, row.name) for row in rows] == [
        ("memory://shelf/in/b.jpg", "b"),
        ("memory://shelf/in/one/a.PNG", "one/a"),
    ]
    assert opened_photo(rows[1].photo, source).read(MAX_BYTES) == b"one/a.PNG"
    assert [row.name for row in rows_of(photos, OUTPUT, 2, {})] == ["b_face2", "one/a_face2"]


def test_what_is_passed_over_in_a_store_is_said_as_of_a_folder(store):
    assert sorted(listed(storage_at("memory://shelf/in"), OUTPUT).found.passed_over) == [
        "Files that macOS puts beside photos were passed over: ._b.jpg.",
        f"Other files were passed over: notes.doc. A photo is a {listed_formats()} file.",
        "Outputs of an earlier run were passed over: b_bust.glb.",
        f"Pictures of other kinds were passed over: b.gif. Save them as {listed_formats()}.",
        "Videos in folders were passed over: c.mov. Name a video by itself to convert it.",
    ]


def test_a_link_to_nothing_stops_no_other_photo(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "absent")
    source = storage_at(str(tmp_path))
    rows = rows_of(listed(source, OUTPUT), OUTPUT, 1, {})
    assert [row.name for row in rows] == ["a", "gone"]
    with pytest.raises(PhotoError, match=r"gone\.jpg is not there"):
        opened_photo(rows[1].photo, source).read(MAX_BYTES)


def test_a_list_names_photos_anywhere(store, tmp_path):
    (tmp_path / "c.jpg").write_bytes(b"c")
    lines = ["# two", "memory://shelf/in/b.jpg", "", str(tmp_path / "c.jpg"), "memory://shelf/in/out/x.jpg"]
    (tmp_path / "list.txt").write_text("\n".join([*lines, lines[1]]))
    source = storage_at(str(tmp_path / "list.txt"))
    rows = rows_of(listed(source, OUTPUT), OUTPUT, 1, {})
    assert [row.name for row in rows] == ["b", "c", "x"]
    read = [opened_photo(row.photo, source).read(MAX_BYTES) for row in rows]
    assert read == [b"b.jpg", b"c", b"out/x.jpg"]


def test_an_id_is_of_the_photo_its_settings_and_its_name(store):
    source = storage_at("memory://shelf/in")

    def ids(recipe):
        return [row.id for row in rows_of(listed(source, OUTPUT), OUTPUT, 1, recipe)]

    first = ids({"model": "bust"})
    assert ids({"model": "bust"}) == first and len(set(first)) == 2
    assert not set(ids({"model": "shell"})) & set(first)
    store.pipe("/shelf/in/b.jpg", b"larger than it was")
    changed = ids({"model": "bust"})
    assert changed[0] != first[0] and changed[1] == first[1]


def test_a_photo_that_is_done_keeps_its_name_and_its_id(store):
    """When another of the same name is added to the folder."""
    source, recipe = storage_at("memory://shelf/in"), {"settings": {}}
    first = rows_of(listed(source, OUTPUT), OUTPUT, 1, recipe)[0]
    assert list(earlier_lines(OUTPUT.at(MANIFEST))) == []
    line = {"photo": first.photo, "name": first.name, "settings": {}}
    store.pipe("/shelf/in/out/manifest/1.jsonl", json.dumps(line).encode() + b"\n")
    store.pipe("/shelf/in/b.png", b"another")
    earlier = list(earlier_lines(OUTPUT.at(MANIFEST)))
    rows = rows_of(listed(source, OUTPUT), OUTPUT, 1, recipe, earlier)
    assert rows[0] == first and rows[1].name == "b_png"
    store.pipe("/shelf/in/out/manifest/2.jsonl", b"a note")
    with pytest.raises(BatchError, match=r"manifest/2.jsonl is no manifest of this program"):
        list(earlier_lines(OUTPUT.at(MANIFEST)))


def test_what_is_not_there_is_said(tmp_path):
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (empty,) = listed(storage_at(str(tmp_path / "empty.txt")), OUTPUT).found.failures
    assert empty.endswith("empty.txt names no photo. Write a path or an address on each line.")
    with pytest.raises(BatchError, match=r"memory://nowhere is not there. Name a folder of photos"):
        listed(storage_at("memory://nowhere"), OUTPUT)
    with pytest.raises(BatchError, match=r"neither://x cannot be read: .* Check the address"):
        storage_at("neither://x")
    with pytest.raises(PhotoError, match=r"memory://nowhere/a.jpg is not there"):
        storage_at("memory://nowhere/a.jpg").read(MAX_BYTES)


def test_a_photo_on_the_web_is_read(file):
    assert storage_at(file.url).read(MAX_BYTES) == CONTENT
