"""The page without a browser: the way through the three steps, what is dropped, and what goes stale."""

import pytest
from page_visit import download_labels, open_page, press, session_of, texts, upload
from sample_files import ASTRONAUT, MIRRORED

from face3d.depth import checkpoints
from page.session import shared_queue


@pytest.fixture
def page(remembering):
    """The page with the bundled network, the astronaut uploaded."""
    return upload(open_page(), "astronaut.jpg", ASTRONAUT)


def test_the_whole_way_with_a_real_photo(page):
    depth_button, model_button = page.button(key="generate depth"), page.button(key="generate model")
    assert depth_button.label == "Generate depth map" and not depth_button.disabled
    assert model_button.label == "Generate 3D model" and model_button.disabled
    press(page, "generate depth")
    of_depth = ["PNG, 8-bit", "PNG, 16-bit", "NPY, float32", "EXR, float32"]
    of_depth += ["Normal map, OpenGL", "Normal map, DirectX", "PNG in these colours"]
    assert download_labels(page) == of_depth
    assert not page.button(key="generate model").disabled
    press(page, "generate model")
    assert not page.exception and not page.error
    models = "Download GLB", "STL", "PLY", "OBJ", "3MF", "XYZ", "USDZ"
    pictures = "Picture", "Turntable", "Red-cyan", "Stereo"
    for kind in (*models, "All files", "Viewer", "Mesh report", *pictures):
        assert any(label.startswith(kind) for label in download_labels(page))
    said = texts(page, "markdown")
    assert "**Closed and standing** yes, a solid that stands" in said
    assert "**Head model** off by" in said and "No whole head" not in said
    page.selectbox(key="kind").set_value("head").run()
    assert not page.exception and not page.error
    assert "**Closed and standing** no, parts that move" in texts(page, "markdown")


@pytest.mark.usefixtures("coarse_models")
def test_another_photo_drops_depth_and_model(page):
    press(page, "generate depth")
    press(page, "generate model")
    upload(page, "mirrored.jpg", MIRRORED)
    assert download_labels(page) == [] and page.button(key="generate model").disabled
    assert session_of(page).depth_result is None and session_of(page).model_source is None


@pytest.mark.usefixtures("coarse_models")
def test_another_network_makes_later_steps_stale(page):
    press(page, "generate depth")
    press(page, "generate model")
    page.selectbox(key="network").set_value("midas_v21_small_256").run()
    assert len(page.warning) == 2 and all("Out of date" in warning.value for warning in page.warning)
    assert page.button(key="generate model").disabled
    page.selectbox(key="network").set_value("face").run()
    assert not page.warning


@pytest.fixture
def fresh_queue():
    """A process whose networks have not been loaded."""
    shared_queue.clear()
    yield
    shared_queue.clear()


@pytest.mark.usefixtures("remembering")
@pytest.mark.parametrize(("content", "sentence"), [(None, "is missing"), (b"damaged" * 100, "is damaged")])
def test_without_sound_weights_the_page_opens_reports_it_and_recovers(
    monkeypatch, tmp_path, fresh_queue, content, sentence
):
    if content:
        (tmp_path / "face_depth.safetensors").write_bytes(content)
    with monkeypatch.context() as broken:
        broken.setattr(checkpoints, "BUNDLED_FOLDER", tmp_path)
        page = upload(open_page(), "astronaut.jpg", ASTRONAUT)
        assert not page.error and not page.exception and sentence in texts(page, "warning")
        press(page, "generate depth")
        assert len(page.error) == 1
        assert sentence in page.error[0].value and "Restore it" in page.error[0].value
    press(page, "try depth again")
    assert not page.error and not page.warning and download_labels(page)
    assert "1 face found" in texts(page, "caption")
