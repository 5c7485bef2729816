"""Films that are written here are told from others; that they play: test_turntable.py, test_depth_film.py."""

import pytest

from face3d.export.own_films import is_marked, marked


@pytest.mark.parametrize(
    ("ending", "has"), [("a.mp4", True), ("_depth16.mkv", True), ("_depth16.zip", False)]
)
def test_a_film_is_told_by_its_mark(ending, has, tmp_path):
    path = tmp_path / "film"
    path.write_bytes(marked(b"a film", ending))
    assert is_marked(path) == has and path.read_bytes().startswith(b"a film")
    for other in (b"", b"a film", path.read_bytes() + b"more"):
        path.write_bytes(other)
        assert not is_marked(path)
    assert not is_marked(tmp_path / "absent") and not is_marked(tmp_path)
