"""The command and the settings file of the page give what the page gives, byte by byte."""

import io
import json
import shlex
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import stand_in
import streamlit as st
from model_head import SIDE, model_head
from page_visit import downloads, generate, open_page, press, session_of, texts, upload
from PIL import Image
from sample_files import ASTRONAUT_HWC

import convert
import depth_estimation
from face3d.batch.options import arguments, parsed
from face3d.batch.photo_options import framing_of
from face3d.export import renderings, turntable
from face3d.export.depth_maps import DEPTH_WRITERS, ON_REQUEST
from face3d.photo import read_photo
from page import inference_queue
from page.command_line import CAMERA_FIRST
from page.model_controls import DETAIL, KIND_TITLES

pytestmark = pytest.mark.usefixtures("coarse_models")

ROOT = Path(convert.__file__).parent
CHOICES = {
    "bust": {"wall": 2.0, "print size": "figure"},
    "shell": {"perspective": False, "outliers": False, "smoothing": 2.0, "edge tolerance": 0.1},
    "plaque": {"height": 90.0, "plaque depth": 6.0, "field of view": 40},
    "lithophane": {
        "lithophane shape": "Cylinder",
        "lithophane gamma": 1.2,
        "lithophane frame": 3.0,
        "background": True,
    },
    "head": {},
    "two-sided": {"base": "round"},
}
WHOLE_HEADS = "bust", "head"
ENOUGH = 6000
"""Triangles of which a bust has a whole head."""


def photo_file():
    """A small portrait as JPEG."""
    file = io.BytesIO()
    Image.fromarray(ASTRONAUT_HWC[:400, 60:380]).resize((144, 180)).save(file, "JPEG", quality=90)
    return file.getvalue()


def head_photo_file():
    """A portrait of the size of `model_head`."""
    file = io.BytesIO()
    Image.fromarray(ASTRONAUT_HWC[:400, 60:460]).resize((SIDE, SIDE)).save(file, "JPEG", quality=90)
    return file.getvalue()


def command(page):
    """The words of the command that is shown, without the program's."""
    python, program, *words = shlex.split(page.get("code")[-1].value)
    assert (python, program) == ("python", "convert.py")
    return words


def with_formats(words, formats):
    """The command with other formats, for all of them take long."""
    words[words.index("--formats") + 1] = formats
    return words


@pytest.fixture
def small_page(stand_in_network, monkeypatch):
    """The page with a small portrait, and the command line with the same networks."""
    for name in ("load_network", "predict", "cut_out"):
        monkeypatch.setattr(depth_estimation, name, getattr(stand_in, name))
    return upload(open_page(), "it's me.jpg", photo_file())


@pytest.fixture
def head_page(small_page, tmp_path, monkeypatch):
    """The same with a network that says where on the head skin lies, so that whole heads are made. The photo
    is in the working folder.
    """
    depth = model_head(cap=0.7).relief.depth
    for module in (inference_queue, depth_estimation):
        monkeypatch.setattr(module, "predict", lambda *_: depth)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it's me.jpg").write_bytes(head_photo_file())
    page = upload(small_page, "it's me.jpg", head_photo_file())
    press(page, "generate depth")
    return page


@pytest.fixture
def small_pictures(monkeypatch):
    """Pictures of the model are small, and turntables short."""
    monkeypatch.setattr(renderings, "PICTURE_PX", 64)
    monkeypatch.setattr(turntable, "SIZE_PX", 64)
    monkeypatch.setattr(turntable, "FRAMES", 3)


def of_archive(page, monkeypatch):
    """The files of the zip, by name."""
    (pack,) = [
        write
        for name, write in downloads(page, monkeypatch).items()
        if name.endswith(".zip") and not name.endswith(".obj.zip")
    ]
    with zipfile.ZipFile(io.BytesIO(pack())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_kind_of_the_page_is_tried():
    assert KIND_TITLES.keys() == CHOICES.keys()


@pytest.mark.parametrize("kind", CHOICES)
def test_the_command_writes_the_files_of_the_archive(
    kind, head_page, small_pictures, tmp_path, monkeypatch, capsys
):
    """Name by name and byte by byte: models, viewer, report and pictures, and the depth map beside them. The
    whole head, which the default bust is, is that of the fitted head model.
    """
    page = head_page
    if kind in WHOLE_HEADS:
        for detail in DETAIL.values():
            monkeypatch.setitem(detail, "face_budget", ENOUGH)
    for key, value in CHOICES[kind].items():
        page.session_state[key] = value
    page.session_state["kind"] = kind
    press(page, "generate model")
    assert not page.exception and not page.error
    assert convert.main([*command(page), "-o", "out"]) == 0, capsys.readouterr().err
    expected = of_archive(page, monkeypatch)
    depth = session_of(page).depth_result.depth_map
    expected |= {
        f"it's me{suffix}": write(depth)
        for suffix, write in DEPTH_WRITERS.items()
        if suffix not in ON_REQUEST.values()
    }
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    report = json.loads(found[f"it's me_{kind}_report.json"])
    assert bool(report.get("head")) == (kind in WHOLE_HEADS), report["head_refused"]


def test_the_command_of_a_frame_of_a_video_names_the_video(small_page, talk, tmp_path, monkeypatch, capsys):
    """And the number of the frame: the user has no picture of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.mp4").write_bytes(talk)
    page = upload(small_page, "talk.mp4", talk)
    page.session_state["kind"] = "shell"
    generate(page)
    words = command(page)
    assert words[0] == "talk.mp4" and words[words.index("--frame") + 1] == "3"
    check_files(page, words, tmp_path, monkeypatch, capsys)


def check_files(page, words, tmp_path, monkeypatch, capsys):
    """The command writes some of the page's files."""
    assert convert.main([*with_formats(words, "glb,html,stl"), "-o", "out"]) == 0, capsys.readouterr().err
    of_page = downloads(page, monkeypatch)
    for ending in (".glb", ".html", ".stl"):
        (file,) = (tmp_path / "out").glob(f"*{ending}")
        assert of_page[file.name]() == file.read_bytes()


def test_the_command_has_the_box_that_was_marked_as_hidden(small_page, tmp_path, monkeypatch, capsys):
    """Of the photo as the depth map has it, here turned and cropped."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it's me.jpg").write_bytes(photo_file())
    page = small_page
    press(page, "turn 90")
    turned = session_of(page).full_photo
    page.session_state[f"crop across {turned.sha256}"] = (5, 100)
    page.run()
    page.session_state["kind"] = "shell"
    generate(page)
    page.selectbox(key="completion engine").set_value("telea").run()
    page.session_state["hidden how"] = "A box"
    page.session_state["hidden across"] = (33, 51)
    press(page, "complete model")
    press(page, "keep completion")
    words = command(page)
    height, width = session_of(page).depth_result.photo.size_hw
    box = [33 * width // 100, 40 * height // 100, 51 * width // 100, 60 * height // 100]
    assert arguments().parse_args(words).hidden_box == box
    check_files(page, words, tmp_path, monkeypatch, capsys)


def test_a_sample_is_named_by_its_path_and_a_cameras_picture_has_to_be_saved(stand_in_network, monkeypatch):
    """The paths of samples are those from the folder of `convert.py`."""
    page = open_page()
    press(page, "sample 2")
    page.session_state["kind"] = "shell"
    generate(page)
    photo = command(page)[0]
    assert photo.startswith("assets/samples/") and (ROOT / photo).is_file()
    assert (ROOT / photo).read_bytes() == session_of(page).file.data
    assert CAMERA_FIRST not in texts(page, "caption")

    picture = SimpleNamespace(getvalue=photo_file)

    def camera_input(_, on_change, args, key):
        st.session_state[key] = picture
        on_change(*args)

    monkeypatch.setattr(st, "camera_input", camera_input)
    page.segmented_control(key="way").set_value("Camera").run()
    generate(page)
    assert command(page)[0] == "camera.jpg" and CAMERA_FIRST in texts(page, "caption")
    assert downloads(page, monkeypatch)["camera.jpg"] == photo_file()


def test_the_command_takes_the_part_of_the_photo_that_the_page_shows(small_page, tmp_path, monkeypatch):
    page = small_page
    press(page, "turn 90")
    turned = session_of(page).full_photo
    page.session_state[f"crop across {turned.sha256}"] = (10, 95)
    page.session_state["head only"] = True
    page.run()
    generate(page)
    session, options = session_of(page), arguments().parse_args(command(page))
    whole = read_photo(photo_file(), "me.jpg")
    part = framing_of(whole, int(options.rotate), options.crop).photo(whole)
    assert options.rotate == "90" and part.size_hw < turned.size_hw
    assert np.array_equal(part.rgb_hwc, session.photo.rgb_hwc)
    assert part.fov_degrees == session.photo.fov_degrees

    (data,) = [saved for name, saved in downloads(page, monkeypatch).items() if name.endswith(".toml")]
    (tmp_path / "saved.toml").write_text(data)
    by_file = parsed(["another.jpg", "--settings", str(tmp_path / "saved.toml")])
    of_this_photo = {"photos": by_file.photos, "rotate": "0", "crop": None}
    assert {**vars(by_file), "settings": None} == vars(options) | of_this_photo
