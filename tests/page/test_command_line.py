"""The command and the settings file of the page give what the page gives, byte by byte."""

import io
import shlex

import numpy as np
import pytest
import stand_in
from model_head import model_head
from page_visit import downloads, generate, open_page, press, session_of, upload
from PIL import Image
from sample_files import ASTRONAUT_HWC

import convert
import depth_estimation
from face3d.batch.options import arguments, parsed
from face3d.batch.photo_options import framing_of
from face3d.export.depth_maps import DEPTH_WRITERS, ON_REQUEST
from face3d.photo import read_photo
from page import inference_queue, model_files
from page.model_controls import KIND_TITLES

pytestmark = pytest.mark.usefixtures("coarse_models")

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
}


def photo_file():
    """A small portrait as JPEG."""
    file = io.BytesIO()
    Image.fromarray(ASTRONAUT_HWC[:400, 60:380]).resize((144, 180)).save(file, "JPEG", quality=90)
    return file.getvalue()


def command(page):
    """The words of the command that is shown, without the program's."""
    python, program, *words = shlex.split(page.get("code")[-1].value)
    assert (python, program) == ("python", "convert.py")
    return words


@pytest.fixture
def small_page(stand_in_network, monkeypatch):
    """The page with a small portrait, and the command line with the same networks."""
    for name in ("load_network", "predict", "cut_out"):
        monkeypatch.setattr(depth_estimation, name, getattr(stand_in, name))
    return upload(open_page(), "it's me.jpg", photo_file())


def test_the_command_writes_the_files_of_the_page_for_every_kind(small_page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it's me.jpg").write_bytes(photo_file())
    page = small_page
    generate(page)
    assert set(KIND_TITLES) == {*CHOICES, "head"}  # which has a test of its own
    for kind, choices in CHOICES.items():
        for key, value in choices.items():
            page.session_state[key] = value
        page.selectbox(key="kind").set_value(kind).run()
        assert not page.exception and not page.error
        words = command(page)
        assert convert.main([*words, "-o", kind]) == 0, capsys.readouterr().err
        expected = {
            name.replace("_viewer.html", ".html"): write()
            for name, write in downloads(page, monkeypatch).items()
            if name.removeprefix(f"it's me_{kind}") in model_files.FILE_LABELS
        }
        depth = session_of(page).depth_result.depth_map
        expected |= {
            f"it's me{suffix}": write(depth)
            for suffix, write in DEPTH_WRITERS.items()
            if suffix not in ON_REQUEST.values()
        }
        found = {path.name: path.read_bytes() for path in (tmp_path / kind).iterdir()}
        assert found.keys() == expected.keys()
        assert [name for name in found if found[name] != expected[name]] == []


def test_the_command_writes_the_animated_head_of_the_page(small_page, tmp_path, monkeypatch, capsys):
    """Of a network that says where on the head skin lies; its model files alone, for all take long."""
    monkeypatch.chdir(tmp_path)
    depth = model_head(cap=0.7).relief.depth
    photo = io.BytesIO()
    Image.fromarray(ASTRONAUT_HWC[:400, 60:460]).resize(depth.size_hw).save(photo, "JPEG", quality=90)
    (tmp_path / "me.jpg").write_bytes(photo.getvalue())
    for module in (inference_queue, depth_estimation):
        monkeypatch.setattr(module, "predict", lambda *_: depth)
    page = upload(small_page, "me.jpg", photo.getvalue())
    press(page, "generate depth")
    page.session_state["kind"] = "head"
    press(page, "generate model")
    assert not page.exception and not page.error
    words = command(page)
    words[words.index("--formats") + 1] = "glb,html,stl"
    assert convert.main([*words, "-o", "head"]) == 0, capsys.readouterr().err
    of_page = downloads(page, monkeypatch)
    for ending, of_command in ((".glb", ".glb"), ("_viewer.html", ".html"), (".stl", ".stl")):
        assert of_page[f"me_head{ending}"]() == (tmp_path / "head" / f"me_head{of_command}").read_bytes()


def test_the_command_of_a_frame_of_a_video_names_the_video(small_page, talk, tmp_path, monkeypatch, capsys):
    """And the number of the frame: the user has no picture of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.mp4").write_bytes(talk)
    page = upload(small_page, "talk.mp4", talk)
    page.session_state["kind"] = "shell"
    generate(page)
    words = command(page)
    assert words[0] == "talk.mp4" and words[words.index("--frame") + 1] == "3"
    words[words.index("--formats") + 1] = "glb,html,stl"
    assert convert.main([*words, "-o", "out"]) == 0, capsys.readouterr().err
    of_page = downloads(page, monkeypatch)
    for ending, of_command in ((".glb", ".glb"), ("_viewer.html", ".html"), (".stl", ".stl")):
        name = "talk_frame3_shell"
        assert of_page[f"{name}{ending}"]() == (tmp_path / "out" / f"{name}{of_command}").read_bytes()


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
    by_file = parsed(["it's me.jpg", "--settings", str(tmp_path / "saved.toml")])
    assert {**vars(by_file), "settings": None} == vars(options)
