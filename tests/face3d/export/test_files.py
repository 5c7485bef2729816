"""Files are written whole or not at all, and several of them all or none."""

import errno
import os
import re
import stat

import pytest

from face3d.errors import ExportError
from face3d.export.files import remove_unfinished, safe_name, save, save_all


def contents(folder):
    """All files of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def failing_move(monkeypatch):
    """os.replace fails at the move to a place whose name begins with `bad`."""
    replace = os.replace

    def replace_or_fail(source, target):
        if target.name.startswith("bad"):
            raise PermissionError(errno.EACCES, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_or_fail)


@pytest.fixture(params=["links", "no links"])
def links(request, monkeypatch):
    """A file system where a file can have two names, and one where it cannot."""

    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if request.param == "no links":
        monkeypatch.setattr(os, "link", refuse)
    return request.param == "links"


def test_files_are_written_into_folders_that_are_made(tmp_path):
    save(tmp_path / "new" / "a.bin", b"first")
    save_all({tmp_path / "new" / "a.bin": b"second", tmp_path / "new" / "b.bin": b"third"})
    assert contents(tmp_path / "new") == {"a.bin": b"second", "b.bin": b"third"}


def test_where_one_cannot_be_placed_none_is_and_earlier_files_stay(tmp_path, failing_move, links):
    save(tmp_path / "old", b"old")
    files = {tmp_path / name: b"new" for name in ("old", "first", "bad", "last")}
    with pytest.raises(
        ExportError, match=r"bad cannot be written: Permission denied\. Choose another folder"
    ):
        save_all(files)
    assert contents(tmp_path) == {"old": b"old"}


@pytest.mark.parametrize("count", range(7))
def test_an_interrupt_at_any_move_leaves_all_or_none(count, links, tmp_path, monkeypatch):
    """Five moves: one to the first place, which is free; one aside and one in at each of the others. With
    links, what was there is never away.
    """
    names = ("free", "old", "older")
    for name in names[1:]:
        save(tmp_path / name, b"old")
    left = [count]

    def then_stop(move):
        def moved(source, target):
            move(source, target)
            if links:
                assert {"old", "older"} <= set(contents(tmp_path))
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt

        return moved

    for name in ("replace", "link"):
        monkeypatch.setattr(os, name, then_stop(getattr(os, name)))
    try:
        save_all({tmp_path / name: b"new" for name in names})
    except KeyboardInterrupt:
        assert contents(tmp_path) == {"old": b"old", "older": b"old"}
    else:
        assert contents(tmp_path) == dict.fromkeys(names, b"new")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "Make room on the disk"), (errno.ENAMETOOLONG, "shorter name"), (errno.EROFS, "another")],
)
def test_the_remedy_is_that_of_the_reason(number, remedy, tmp_path, monkeypatch):
    def fails(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(ExportError, match=f"a cannot be written: {os.strerror(number)}.*{remedy}"):
        save(tmp_path / "a", b"")
    assert contents(tmp_path) == {}


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ExportError, match="a cannot be written: Is a directory"):
        save_all({tmp_path / "b": b"", tmp_path / "a": b""})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_name_of_the_greatest_length_is_written(tmp_path):
    save(tmp_path / ("n" * 255), b"whole")
    assert contents(tmp_path) == {"n" * 255: b"whole"}
    with pytest.raises(ExportError, match="Choose a shorter name"):
        save(tmp_path / ("n" * 256), b"whole")


@pytest.fixture
def umask():
    """A function that sets the umask, which belongs to the whole process; it is set back afterwards."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="modes of files are of POSIX")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_new_file_has_the_mode_that_the_umask_leaves(mask, mode, umask, tmp_path):
    umask(mask)
    save(tmp_path / "a.bin", b"data")
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="modes of files are of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o444])
def test_a_file_that_is_overwritten_keeps_its_mode(mode, umask, tmp_path):
    umask(0o027)
    target = tmp_path / "a.bin"
    target.write_bytes(b"first")
    target.chmod(mode)
    save(target, b"second")
    assert target.read_bytes() == b"second" and stat.S_IMODE(target.stat().st_mode) == mode


HOSTILE = [
    "me",
    "a b",
    "a_b",
    "Jürgen",
    "李",
    "王",
    "a/b\\c",
    "..",
    "-o",
    "",
    "a\nb",
    "x" * 300,
    "\udcff",
    "e.obj",
]


def test_names_inside_files_are_plain_and_stay_different():
    safe = [safe_name(name) for name in HOSTILE]
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,86}", name) for name in safe)
    assert len(set(safe)) == len(HOSTILE)
    assert safe_name("IMG_2024-05-01") == "IMG_2024-05-01"
    assert safe_name("a b").startswith("a_b_")


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path):
    left = tmp_path / ".0123456789abcdef.tmp"
    names = "a.tmp", ".0123.tmp", "0123456789abcdef.tmp", ".0123456789abcdeg.tmp"
    kept = [tmp_path / name for name in names]
    for path in (left, *kept):
        path.write_bytes(b"")
    (tmp_path / ".fedcba9876543210.tmp").mkdir()
    remove_unfinished(tmp_path)
    remove_unfinished(tmp_path / "absent")
    assert not left.exists() and all(path.exists() for path in kept)
