"""*Complete the model*: what is tried is shown, what is kept is written, what is discarded is gone."""

import pytest
from page_visit import generate, press, session_of, texts

from face3d.completion.stage import complete
from generate_3d_model import generate_model
from page import model_files

pytestmark = pytest.mark.usefixtures("coarse_models", "stand_in_network")


@pytest.fixture
def made(page, monkeypatch):
    """The models that the page makes, in order."""
    models = []

    def recorded(*inputs):
        models.append(generate_model(*inputs))
        return models[-1]

    monkeypatch.setattr(model_files, "generate_model", recorded)
    generate(page)
    return models


def test_tried_discarded_tried_again_kept_and_undone(page, made):
    page.selectbox(key="completion engine").set_value("diffusers").run()
    press(page, "complete model")
    assert "name its folder" in texts(page, "error") and not page.exception

    page.selectbox(key="completion engine").set_value("telea").run()
    page.session_state["hidden how"] = "A box"
    press(page, "complete model")
    assert not page.exception and not page.error and "Telea" in texts(page, "caption")
    session = session_of(page)
    tried, before = session.tried, session.depth_result
    assert all(title in texts(page, "markdown") for title in ("**Before**", "**After**"))
    assert made[-1].relief.completion is tried.completion
    assert session.model_work.inputs.depth_key == before.key
    marked = tried.completion.marked_hw
    assert 0 < marked.mean() <= 0.05
    assert (tried.photo.rgb_hwc == before.photo.rgb_hwc)[~marked].all()

    press(page, "discard completion")
    assert "**Before**" not in texts(page, "markdown")
    assert session_of(page).tried is None and session_of(page).kept is None
    press(page, "complete model")
    press(page, "keep completion")
    session = session_of(page)
    assert session.kept is tried and session.model_work.inputs.depth_key == tried.key
    assert "**Completed**" in texts(page, "caption") and not page.exception
    assert "% of the surface by Telea, 0 % as sure as seen" in texts(page, "markdown")

    depth, photo, completion = complete(before.depth_map, before.photo, "telea", hidden_hw=marked)
    alone = generate_model(depth, photo, "bust", session.model_work.inputs.settings, completion)
    assert (made[-1].mesh.texture_hwc == alone.mesh.texture_hwc).all()
    assert (made[-1].mesh.vertices_n3 == alone.mesh.vertices_n3).all()
    assert made[-1].report == alone.report and alone.report.completion == "telea"

    press(page, "undo completion")
    assert session_of(page).kept is None and session_of(page).model_work.inputs.depth_key == before.key
