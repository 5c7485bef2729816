"""Names of output files: unique, of a length that fits, and never those of a photo."""

import errno
import os
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from face3d.batch.outputs import ENDINGS, check_folder, name_of, output_names
from face3d.errors import ExportError
from face3d.export.files import save
from face3d.export.images import encode_png


def picture(path):
    """A PNG file of another program."""
    Image.new("L", (2, 2)).save(path, "PNG")
    return path


def names(*photos, folder):
    return output_names([Path(photo) for photo in photos], folder)


def test_no_ending_ends_with_another():
    """So two names give a file of the same name only where the names are equal."""
    assert not [(one, other) for one, other in permutations(ENDINGS, 2) if one.endswith(other)]
    assert all(ending.startswith("_") and ending == ending.lower() for ending in ENDINGS)


def test_two_photos_of_one_name_do_not_overwrite_each_other(tmp_path):
    same = ["x/a.jpg", "x/A.png", "y/a.jpg", "b.jpg"]
    assert names(*same, folder=tmp_path) == ["a_jpg", "A_png", "a_jpg_2", "b"]
    assert names("b_points.jpg", "b.jpg", folder=tmp_path) == ["b_points", "b"]
    assert names("a.b.jpg", "a_b_jpg.png", "a.b.png", folder=tmp_path) == ["a_b_jpg", "a_b_jpg_2", "a_b_png"]


def test_letters_that_a_file_system_may_hold_equal_are_equal(tmp_path):
    composed, decomposed = "caf\u00e9.jpg", "cafe\u0301.png"
    assert names(composed, decomposed, folder=tmp_path) == ["caf\u00e9_jpg", "cafe\u0301_png"]


def test_a_photo_is_never_overwritten(tmp_path):
    """By whatever path it is named, and where it is in the output folder by a link."""
    face, depth = picture(tmp_path / "face.jpg"), picture(tmp_path / "face_depth.png")
    named_otherwise = Path(os.path.relpath(tmp_path)) / ".." / tmp_path.name / "face_depth.png"
    assert output_names([face, named_otherwise], tmp_path) == ["face_2", "face_depth"]
    assert output_names([face, depth], tmp_path / "out") == ["face", "face_depth"]
    (tmp_path / "out").mkdir()
    os.link(depth, tmp_path / "out" / "face_bust.glb")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "out" / "face_2_depth16.png")
    picture(tmp_path / "out" / "face_2_depth16.png")
    assert output_names([face, depth, tmp_path / "link.jpg"], tmp_path / "out")[0] == "face_3"


def test_a_file_to_be_kept_is_never_overwritten(tmp_path):
    own = tmp_path / "a_depth.npy"
    own.write_bytes(b"depth")
    photos = [tmp_path / "a.jpg"]
    assert output_names(photos, tmp_path) == ["a"]
    assert output_names(photos, tmp_path, kept=[own]) == ["a_2"]


def test_a_picture_of_the_user_is_not_overwritten_but_one_of_ours_is(tmp_path, monkeypatch):
    picture(tmp_path / "a_bust_view.png")
    save(tmp_path / "b_bust_view.png", encode_png(np.zeros((2, 2), np.uint8)))
    save(tmp_path / "b_bust.glb", b"")
    (tmp_path / "c_depth.npy").mkdir()
    assert names("a.jpg", "b.jpg", "c.jpg", folder=tmp_path) == ["a_2", "b", "c_2"]

    def refuse(_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)  # a folder that can be written to and not be listed
    assert names("a.jpg", "b.jpg", "c.jpg", folder=tmp_path) == ["a_2", "b", "c_2"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_a_pipe_is_neither_read_nor_replaced(tmp_path):
    os.mkfifo(tmp_path / "a_depth.png")
    assert names("a.jpg", folder=tmp_path) == ["a_2"]


@pytest.mark.parametrize(
    ("photo", "name"),
    [
        ("a:b?.jpg", "a_b_"),
        ("line\nbreak.jpg", "line_break"),
        ("CON.x.jpg", "CON_x"),
        ("lpt1 .jpg", "lpt1 "),  # LPT1 _depth.png is a name like any other
        ("console.x.jpg", "console.x"),
        ("end..jpg", "end."),
        ("..jpg", "_"),  # its stem is the folder itself
        ("...jpg", "__"),
    ],
)
def test_names_are_those_that_windows_takes_too(photo, name, tmp_path):
    assert names(photo, folder=tmp_path) == [name]


@given(
    st.lists(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), max_size=4
    )
)
def test_files_of_a_batch_have_different_names_that_fit(stems):
    folder = Path(__file__).parent / "absent"
    found = names(*(f"{stem * 50}.jpg" for stem in stems), folder=folder)
    files = [f"{name}{ending}".casefold() for name in found for ending in ENDINGS]
    assert len(set(files)) == len(files)
    assert all(len(f"{name}{ending}".encode()) <= 255 for name in found for ending in ENDINGS)


def test_long_names_are_cut_between_characters_and_numbered(tmp_path):
    first, second = (tmp_path / f"{'ä' * 120}{tail}.jpg" for tail in "xy")  # 245 bytes each
    assert output_names([first, second], tmp_path) == ["ä" * 115, "ä" * 114 + "_2"]
    longest = max(ENDINGS, key=len)
    assert len(f"{'ä' * 115}{longest}".encode()) == 255
    save(tmp_path / f"{'ä' * 115}{longest}", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are text there")
def test_bytes_that_are_no_text_are_counted(tmp_path):
    (name,) = output_names([Path(os.fsdecode(b"\xff" * 240 + b".jpg"))], tmp_path)
    assert os.fsencode(name) == b"\xff" * 230


@pytest.mark.parametrize("face", [1, 2])
@pytest.mark.parametrize("stem", ["me", "a:b?", ".", "ä" * 200, "..\\me", "\ud800"])
def test_the_name_of_a_download_is_that_of_a_single_photo(stem, face, tmp_path):
    name = name_of(stem, face)
    if "\ud800" not in stem:
        assert [name] == output_names([Path(f"{stem}.jpg")], tmp_path, face)
    assert all(len(f"{name}{ending}".encode()) <= 255 for ending in ENDINGS) and "\\" not in name


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    check_folder(tmp_path / "not" / "yet" / "there")
    check_folder(Path("relative"))
    picture(tmp_path / "file")
    for place in ("file", "file/inside", "n" * 256, "d/" * 3000):
        with pytest.raises(ExportError, match=r"cannot be written: .* Choose"):
            check_folder(tmp_path / place)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ExportError, match="Permission denied"):
        check_folder(tmp_path / "out")


def test_a_path_that_would_be_too_long_is_refused(tmp_path):
    deep = Path(str(tmp_path) + "/d" * ((4090 - len(str(tmp_path))) // 2))
    check_folder(deep)
    with pytest.raises(ExportError, match="cannot be written: File name too long"):
        names("name.jpg", folder=deep)


def test_a_photo_keeps_the_name_that_its_files_have(tmp_path):
    photos = [Path(name) for name in ("a.jpg", "a.png", "b.jpg", "one/c.jpg")]
    known = {Path("a.jpg"): "a", Path("b.jpg"): "a_png", Path("one/c.jpg"): "two/c", Path("gone.jpg"): "g"}
    assert output_names(photos, tmp_path, known=known) == ["a", "a_png_2", "a_png", "c"]
    picture(tmp_path / "a_depth.png")  # of another program, since then
    assert output_names(photos, tmp_path, known=known)[0] == "a_jpg"
    alike = {Path("a.jpg"): "b", Path("a.png"): "B"}
    assert output_names(photos, tmp_path, known=alike) == ["b", "a_png", "b_2", "c"]


def test_names_are_other_ones_in_the_same_folder_only(tmp_path):
    photos = [Path(name) for name in ("a.jpg", "one/a.jpg", "one/a.png", "b.jpg")]
    places = {path: path.parent for path in photos}
    names = output_names(photos, tmp_path, places=places)
    assert names == ["a", "one/a_jpg", "one/a_png", "b"]
