"""A store of objects: a server with the interface of S3 in a process of its own."""

from pathlib import PurePosixPath

import pytest

from face3d.cluster.photos import listed, rows_of
from face3d.cluster.storage import storage_at
from face3d.photo import MAX_BYTES

pytestmark = pytest.mark.slow


@pytest.fixture
def shelf(store, monkeypatch):
    """A folder of a bucket. Without keys requests are not signed, and the server keeps their checksums."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return storage_at(store("in"))


def test_objects_are_written_listed_read_and_removed(shelf):
    large = bytes(12_000_000)
    shelf.save_all({"b.jpg": b"b", "one/a.jpg": large, ".checkpoint/c.parquet": b"c"})
    assert [(path, size) for path, size, _ in sorted(shelf.files())] == [
        (PurePosixPath("b.jpg"), 1),
        (PurePosixPath("one/a.jpg"), len(large)),
    ]
    assert shelf.at("one/a.jpg").read(MAX_BYTES) == large
    output = storage_at("memory://out")
    rows = rows_of(listed(shelf, output), output, 1, {})
    assert [(row.photo, row.name) for row in rows] == [
        ("s3://shelf/in/b.jpg", "b"),
        ("s3://shelf/in/one/a.jpg", "one/a"),
    ]
    shelf.remove("one")
    shelf.remove("nothing")
    assert [path.name for path, _, _ in shelf.files()] == ["b.jpg"]
