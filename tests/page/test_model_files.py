"""The files of step 3: written when they are asked for, once, of the settings that are shown."""

import io
import re
import zipfile

import pytest
from page_visit import download_labels, downloads, press, session_of, texts

from face3d.export import turntable
from face3d.export.models import WRITERS, write
from face3d.geometry.settings import ModelSettings
from page import inference_queue, model_files, model_step
from page.model_controls import MODEL
from page.session import Session

pytestmark = pytest.mark.usefixtures("coarse_models")


@pytest.fixture
def small_turntable(monkeypatch):
    monkeypatch.setattr(turntable, "SIZE_PX", 64)
    monkeypatch.setattr(turntable, "FRAMES", 4)


@pytest.fixture
def counted(monkeypatch):
    """How often the page did each part of the work, by the function that does it."""
    calls = {}

    def count(module, name):
        do = getattr(module, name)

        def counting(*arguments, **options):
            calls[name] = calls.get(name, 0) + 1
            return do(*arguments, **options)

        monkeypatch.setattr(module, name, counting)

    for name in ("predict", "find_faces", "cut_out"):
        count(inference_queue, name)
    for name in ("generate_model", "write", "write_viewer"):
        count(model_files, name)
    for name in ("preview", "make_relief", "build_mesh", "even_points"):
        count(model_step, name)
    return calls


def test_nothing_is_written_unasked_and_nothing_is_computed_twice(
    page, counted, small_turntable, monkeypatch
):
    """Figure, model on the stage, report, single files and the zip share one model and its files."""
    press(page, "generate depth")
    press(page, "generate model")
    assert "**Ready to print**" in texts(page, "markdown")
    each = ("predict", "cut_out", "preview", "make_relief", "generate_model")
    assert counted == dict.fromkeys(each, 1)
    for show in ("Points", "Surface", MODEL, "Points", "Surface", MODEL):
        page.session_state["show"] = show
        page.run()
    assert counted == dict.fromkeys((*each, "even_points", "write"), 1)
    files = downloads(page, monkeypatch)
    asked = [
        write() for name, write in files.items() if name.startswith("astronaut_bust") and callable(write)
    ]
    with zipfile.ZipFile(io.BytesIO(files["astronaut_bust.zip"]())) as archive:
        assert all(archive.read(name) in asked for name in archive.namelist())
    assert counted["write"] == len(WRITERS) + 1 and counted["write_viewer"] == 1
    assert all(counted[name] == 1 for name in each)


def test_files_and_report_are_of_the_settings_that_are_shown(page, monkeypatch):
    press(page, "generate depth")
    press(page, "generate model")
    before, *_ = downloads(page, monkeypatch).values()
    names = list(downloads(page, monkeypatch))
    page.slider(key="smoothing").set_value(3.0).run()
    assert not page.warning and session_of(page).model_work.inputs.settings.smoothing_px == 3.0
    glb = next(name for name in names if name.endswith(".glb"))
    assert downloads(page, monkeypatch)[glb]() != before()


def test_a_height_that_is_asked_for_is_the_models_height(page):
    press(page, "generate depth")
    press(page, "generate model")
    assert " ± 6 %" in texts(page, "markdown") and "**Scale** from the eyes" in texts(page, "markdown")
    page.number_input(key="height").set_value(120.0).run()
    assert "× 120 ×" in texts(page, "markdown") and "±" not in texts(page, "markdown")


def test_thin_walls_are_reported_for_a_model_that_is_ready_to_print(page):
    press(page, "generate depth")
    press(page, "generate model")
    said = texts(page, "markdown")
    assert re.search(
        r"Ready to print\*\* yes, but larger than a 220 mm bed: scale to \d+ % or set a height", said
    )
    assert re.search(r"Standing\*\* yes, it tips over at \d+°", said)
    page.selectbox(key="kind").set_value("plaque")
    page.number_input(key="height").set_value(20.0).run()
    said = texts(page, "markdown")
    measured = float(re.search(r"Thinner than 1 mm\*\* ([\d.]+) % of the surface", said)[1])
    thin = int(re.search(r"Ready to print\*\* yes, but (\d+) % is thinner than 1 mm", said)[1])
    assert measured > 1 and abs(thin - measured) < 0.6


def test_the_file_for_most_comes_first_and_one_zip_holds_all(page, small_turntable, monkeypatch):
    """GLB, or STL where a size to print is chosen."""
    press(page, "generate depth")
    press(page, "generate model")
    assert download_labels(page)[7] == "Download GLB"
    page.selectbox(key="print size").set_value("figure").run()
    assert not page.warning and "× 100 ×" in texts(page, "markdown")
    offered = download_labels(page)[7:]
    assert offered[0] == "Download STL" and offered[1] == "All files (zip)"
    with zipfile.ZipFile(io.BytesIO(downloads(page, monkeypatch)["astronaut_bust.zip"]())) as archive:
        names = archive.namelist()
        assert archive.testzip() is None and all(info.file_size > 200 for info in archive.infolist())
    files = [label for label in offered if label not in ("All files (zip)", "Save settings")]
    assert len(names) == len(set(names)) == len(files)
    assert all(name.startswith("astronaut_bust") for name in names)


def test_units_and_axes_of_the_files_are_shown_and_names_inside_are_the_photos(page, monkeypatch):
    names = []

    def write_named(file_format, model, name="model"):
        names.append((file_format, name))
        return write(file_format, model, name)

    monkeypatch.setattr(model_files, "write", write_named)
    press(page, "generate depth")
    press(page, "generate model")
    for fact in ("To print: millimetres, Z up", "GLB and USDZ are in metres", "Blender", "scale 0.001"):
        assert fact in texts(page, "caption")
    files = downloads(page, monkeypatch)
    for file_format in ("obj", "usdz"):
        files[f"astronaut_bust{WRITERS[file_format].suffix}"]()
        assert (file_format, f"{session_of(page).photo_name}_bust") in names


def test_names_of_files_fit_every_disk_where_they_are_unpacked():
    session = Session()
    session.set_full_photo("a:b" + "ä" * 200, None)
    name = model_files._file_name(session, "lithophane", ModelSettings(face=2))
    assert name.startswith("a_bä") and name.endswith("ä_face2_lithophane")
    files = (*model_files.FILE_LABELS, *model_files.PICTURES)
    assert all(len(f"{name}{suffix}".encode()) <= 255 for suffix in files)
