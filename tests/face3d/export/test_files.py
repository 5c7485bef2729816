import os
import re
import stat

import pytest

from face3d.errors import ExportError
from face3d.export.files import safe_name, save


def test_saving_leaves_no_half_written_file(tmp_path, monkeypatch):
    target = tmp_path / "new" / "a.bin"
    save(target, b"first")

    def fails(source, destination):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(ExportError, match="No space left"):
        save(target, b"second")
    assert target.read_bytes() == b"first" and [path.name for path in target.parent.iterdir()] == ["a.bin"]


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
