"""The files of step 3: when they are out of date, their size, and the mesh report."""

import io
import re
import zipfile

import pytest
import streamlit as st
from page_visit import download_labels, press, session_of, texts

from face3d.export import turntable
from face3d.export.models import write
from generate_3d_model import generate_model
from page import model_files
from page.model_controls import MODEL

pytestmark = pytest.mark.usefixtures("coarse_models")


def test_changed_settings_make_the_files_stale_until_they_are_written_again(page):
    press(page, "generate depth")
    press(page, "generate model")
    page.slider(key="smoothing").set_value(3.0).run()
    assert "files are from before" in texts(page, "warning")
    press(page, "write files")
    assert not page.warning


def test_a_height_that_is_asked_for_is_the_models_height(page):
    press(page, "generate depth")
    press(page, "generate model")
    assert " ± 6 %" in texts(page, "markdown") and "**Scale** from the eyes" in texts(page, "markdown")
    page.number_input(key="height").set_value(120.0).run()
    press(page, "write files")
    assert "× 120 ×" in texts(page, "markdown") and "±" not in texts(page, "markdown")


def test_the_model_on_the_stage_is_computed_once_with_its_files(page, monkeypatch):
    made = []

    def generate(*inputs):
        made.append(generate_model(*inputs))
        return made[-1]

    monkeypatch.setattr(model_files, "generate_model", generate)
    press(page, "generate depth")
    page.session_state["show"] = MODEL
    press(page, "generate model")
    assert len(made) == 1 and not page.error
    page.slider(key="smoothing").set_value(3.0).run()
    assert len(made) == 2 and "files are from before" in texts(page, "warning")
    press(page, "write files")
    assert len(made) == 2 and not page.warning


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


def test_the_file_for_most_comes_first_and_one_zip_holds_all(page, monkeypatch):
    """GLB, or STL where a size to print is chosen, which is written at once."""
    monkeypatch.setattr(turntable, "SIZE_PX", 64)
    monkeypatch.setattr(turntable, "FRAMES", 4)
    zips = []

    def keep_zip(_label, data, **options):
        if options["file_name"].endswith(".zip"):
            zips.append(data)

    press(page, "generate depth")
    press(page, "generate model")
    assert download_labels(page)[7].startswith("Download GLB")
    with monkeypatch.context() as watched:
        watched.setattr(st, "download_button", keep_zip)
        page.selectbox(key="print size").set_value("figure").run()
    assert not page.warning and "× 100 ×" in texts(page, "markdown")
    page.run()
    offered = download_labels(page)[7:]
    assert offered[0].startswith("Download STL") and offered[1] == "All files (zip)"
    with zipfile.ZipFile(io.BytesIO(zips[0]())) as archive:
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
    for fact in ("STL and 3MF are in millimetres with Z up", "GLB is in metres", "Blender", "scale 0.001"):
        assert fact in texts(page, "caption")
    for file_format in ("obj", "usdz"):
        assert (file_format, f"{session_of(page).photo_name}_bust") in names
