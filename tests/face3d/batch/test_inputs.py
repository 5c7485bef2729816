"""What is found under the named paths, and what is said of the rest."""

import errno
import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from face3d.batch import inputs
from face3d.errors import PhotoError
from face3d.export.files import save
from face3d.export.images import encode_png
from face3d.imagine.picture import Picture
from face3d.imagine.table import IMAGE_MODELS
from face3d.imagine.words import Words

OURS = encode_png(np.zeros((2, 2), np.uint8))
SIDECAR = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"


@pytest.fixture(autouse=True)
def without_heif(monkeypatch):
    monkeypatch.setattr("face3d.photo.heif_available", lambda: False)


def folder_of(path, *names, data=b"a photo"):
    """A folder with files of these names."""
    for name in names:
        save(path / name, data)
    return path


def found(*named):
    """The names of the photos, the failures, and what was passed over."""
    result = inputs.find_photos(named)
    return [path.name for path in result.photos], result.failures, result.passed_over


def test_photos_are_found_in_order_and_once(tmp_path):
    folder = folder_of(tmp_path / "in", "b.JPG", "a.png", "c.webp")
    (folder / "inner.jpg").mkdir()
    assert found(folder / "b.JPG", folder) == (["b.JPG", "a.png", "c.webp"], [], [])


def test_what_is_passed_over_is_said_once_for_each_reason(tmp_path):
    names = ["1.heic", "2.HEIC", "3.gif", "4.mov", "notes.txt", ".DS_Store", "a.jpg"]
    folder = folder_of(tmp_path / "in", *names, "5.csv", "6.csv", "7.csv", "8")
    photos, failures, passed_over = found(folder)
    assert (photos, failures) == (["a.jpg"], [])
    assert sorted(passed_over) == [
        "HEIC photos were passed over: 1.heic, 2.HEIC. "
        "Install the package pillow-heif, or save them as JPEG.",
        "Other files were passed over: 5.csv, 6.csv, 7.csv and 2 more. A photo is a JPEG, PNG or WebP file.",
        "Pictures of other kinds were passed over: 3.gif. Save them as JPEG, PNG or WebP.",
        "Videos in folders were passed over: 4.mov. Name a video by itself to convert it.",
    ]


def test_heic_is_a_photo_where_it_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr("face3d.photo.heif_available", lambda: True)
    assert found(folder_of(tmp_path / "in", "1.heic")) == (["1.heic"], [], [])


def test_a_folder_of_nothing_but_heic_says_both(tmp_path):
    photos, (failure,), (passed_over,) = found(folder_of(tmp_path / "in", "1.heic"))
    assert photos == [] and "pillow-heif" in passed_over
    assert failure.startswith(f"{tmp_path}/in/ holds no photo (jpg, ")


def test_sidecars_of_macos_are_no_photos_but_photos_of_such_a_name_are(tmp_path):
    folder = folder_of(tmp_path / "in", "._a.jpg", data=SIDECAR)
    folder_of(folder, "a.jpg", "._b.jpg")
    photos, failures, passed_over = found(folder)
    assert (photos, failures) == (["._b.jpg", "a.jpg"], [])
    assert passed_over == ["Files that macOS puts beside photos were passed over: ._a.jpg."]


def test_outputs_of_an_earlier_run_are_no_photos_but_photos_of_such_a_name_are(tmp_path):
    folder = folder_of(tmp_path / "in", "a_depth.png", "renamed.png", data=OURS)
    folder_of(folder, "a.jpg", "b_depth.png", "a_depth.npy", "a_bust.glb", "a_bust_turntable.gif")
    names = "a_bust.glb, a_bust_turntable.gif, a_depth.npy and 2 more"
    assert found(folder) == (
        ["a.jpg", "b_depth.png"],
        [],
        [f"Outputs of an earlier run were passed over: {names}."],
    )
    by_pattern = found(*sorted(folder.glob("*.png")), folder / "a.jpg")
    assert by_pattern[:2] == (["b_depth.png", "a.jpg"], [])
    assert by_pattern[2] == ["Outputs of an earlier run were passed over: a_depth.png, renamed.png."]


def test_a_picture_of_words_is_a_photo_where_it_is_named(tmp_path):
    """In the folder of its files it is one of them. A user's own photo may be called so, or be one."""
    made = Picture.of(np.zeros((64, 64, 3), np.uint8), Words("a man"), IMAGE_MODELS["ssd-1b"]).png
    folder = folder_of(tmp_path / "in", "man_photo.png", "man.png", data=made)
    folder_of(folder, "wedding_photo.png")
    assert found(folder) == (
        ["man.png", "wedding_photo.png"],
        [],
        ["Outputs of an earlier run were passed over: man_photo.png."],
    )
    assert found(folder / "man_photo.png") == (["man_photo.png"], [], [])


def test_files_about_a_run_are_its_outputs(tmp_path):
    folder = folder_of(tmp_path / "in", "a.jpg", "run.jsonl", "table.csv", "other.csv")
    overviews = [folder / "table.csv", folder / ".." / "in" / "run.jsonl"]
    assert sorted(inputs.find_photos([folder], overviews=overviews).passed_over) == [
        "Other files were passed over: other.csv. A photo is a JPEG, PNG or WebP file.",
        "Outputs of an earlier run were passed over: run.jsonl, table.csv.",
    ]


def test_a_named_folder_of_outputs_alone_is_no_failure(tmp_path):
    assert found(folder_of(tmp_path / "out", "a_depth.png", data=OURS))[:2] == ([], [])


def test_paths_of_no_use_do_not_hide_the_others(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "in", "a.jpg")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    closed = folder_of(tmp_path / "closed", "b.jpg")
    iterdir = Path.iterdir

    def iterdir_or_fail(path):
        if path == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", iterdir_or_fail)
    of_no_use = [
        tmp_path / "absent.jpg",
        folder / "a.jpg" / "b.jpg",
        tmp_path / "loop",
        tmp_path / ("n" * 300),
    ]
    photos, failures, _ = found(*of_no_use, closed, folder)
    assert photos == ["a.jpg"]
    expected = [
        "is not there. Name a photo or a folder of photos",
        "is not there. Name a photo or a folder of photos",
        "cannot be read: Too many levels of symbolic links. Check the path, or name another.",
        "cannot be read: File name too long. Check the path, or name another.",
        "cannot be read: Permission denied. Change its permissions, or name another.",
    ]
    for path, sentence, failure in zip([*of_no_use, closed], expected, failures, strict=True):
        assert failure.startswith(f"{path} {sentence}")


def test_a_closed_folder_is_said_and_hides_no_photo_beside_it(tmp_path, monkeypatch):
    """Nor does a link into one, of which not even the kind can be seen."""
    folder = folder_of(tmp_path / "in", "a.jpg", "closed/b.jpg", "link.jpg", "open/c.jpg")
    scandir, is_dir = os.scandir, Path.is_dir

    def closed(function, name):
        def or_fail(path):
            if Path(path).name == name:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return function(path)

        return or_fail

    monkeypatch.setattr(os, "scandir", closed(scandir, "closed"))
    monkeypatch.setattr(Path, "is_dir", closed(is_dir, "link.jpg"))
    plain, deep = (inputs.find_photos([folder], recursive) for recursive in (False, True))
    assert [path.name for path in plain.photos] == ["a.jpg", "link.jpg"] and plain.failures == []
    assert [path.name for path in deep.photos] == ["a.jpg", "link.jpg", "c.jpg"]
    assert deep.failures == [
        f"{folder}/closed cannot be read: Permission denied. Change its permissions, or name another."
    ]


def test_a_photo_that_cannot_be_read_says_so(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "in", "a.jpg")
    (folder / "gone.jpg").symlink_to(folder / "absent")
    assert found(folder)[0] == ["a.jpg", "gone.jpg"]
    with pytest.raises(PhotoError, match=r"gone\.jpg is not there"):
        inputs.read(folder / "gone.jpg")

    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(
        PhotoError, match=r"a\.jpg cannot be read: Permission denied\. Change its permissions"
    ):
        inputs.read(folder / "a.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_a_pipe_is_read_where_it_is_named_and_passed_over_in_a_folder(tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    data = io.BytesIO()
    Image.new("RGB", (40, 50)).save(data, "PNG")
    writer = threading.Thread(target=pipe.write_bytes, args=(data.getvalue(),))
    assert found(pipe) == (["pipe.png"], [], [])
    writer.start()
    assert inputs.read(pipe).size_hw == (50, 40)
    writer.join()
    assert found(tmp_path)[0] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_a_silent_pipe_and_a_device_hold_nothing_up(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "PIPE_SECONDS", 0.05)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match=r"pipe\.jpg cannot be read: nothing came out of this pipe for"):
        inputs.read(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="/dev/zero cannot be read: it is a device, not a file"):
        inputs.read(Path("/dev/zero"))
    assert inputs.digest(tmp_path / "pipe.jpg") == inputs.digest(Path("/dev/zero")) == ""


def test_without_memory_a_photo_has_no_digest(tmp_path, monkeypatch):
    def refuse(_):
        raise MemoryError

    monkeypatch.setattr(inputs, "sha256_of", refuse)
    assert inputs.digest(Path(__file__)) == ""


def test_no_more_of_a_file_is_read_than_is_asked_for(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert inputs.bytes_of(tmp_path / "a", 3) == b"1234"


def test_a_path_is_shown_on_one_line():
    assert inputs.shown(Path("a\nb\x1b[2J.jpg")) == "a\\x0ab\\x1b[2J.jpg"
    assert inputs.shown("Zoë 李.jpg") == "Zoë 李.jpg"
    assert inputs.shown("a\u202egpj.exe\u2028\u2067") == "a\\u202egpj.exe\\u2028\\u2067"


def test_folders_inside_are_searched_when_asked_for_without_hidden_ones_links_and_the_output(tmp_path):
    for name in ("b.jpg", "one/a.jpg", "one/two/a.jpg", ".git/c.jpg", "out/d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "one" / "round").symlink_to(tmp_path, target_is_directory=True)
    result = inputs.find_photos([tmp_path], recursive=True, but=tmp_path / "out")
    places = {"b.jpg": ".", "one/a.jpg": "one", "one/two/a.jpg": "one/two"}
    assert result.photos == [tmp_path / name for name in places]
    assert result.places == {tmp_path / name: Path(place) for name, place in places.items()}
    assert inputs.find_photos([tmp_path / "one" / "two"]).places == {tmp_path / "one/two/a.jpg": Path()}
    assert inputs.find_photos([tmp_path]).photos == [tmp_path / "b.jpg"]


def test_hidden_photos_of_a_folder_are_passed_over_and_a_named_one_is_taken(tmp_path):
    """Android's trash keeps them as `.trashed-TIME-NAME.jpg`."""
    trashed, rest = ".trashed-1712345678-me.jpg", ".nomedia"
    folder_of(tmp_path, "a.jpg", trashed, rest)
    said = f"Hidden files were passed over: {trashed}. Name one by itself to convert it."
    assert found(tmp_path) == (["a.jpg"], [], [said])
    assert found(tmp_path / trashed) == ([trashed], [], [])
    assert inputs.reason_by_name(Path(trashed)) is inputs.HIDDEN
    assert inputs.reason_by_name(Path(rest)) is inputs.SILENT
