"""Step 3: every way to show the model, and a depth map that gives none."""

import base64
import io

import numpy as np
import pytest
from page_visit import press
from PIL import Image

from face3d.structures import DepthMap, DepthRepresentation
from page import inference_queue, model_files, model_step

pytestmark = pytest.mark.usefixtures("coarse_models")


@pytest.mark.parametrize("setting", [("show", "Points"), ("show", "Model"), ("model colours", "Photo")])
def test_every_way_to_show_the_model_works(page, setting):
    press(page, "generate depth")
    press(page, "generate model")
    page.session_state[setting[0]] = setting[1]
    page.run()
    assert not page.exception and not page.error


def test_the_still_picture_of_the_model_is_the_model_in_its_colours(page, monkeypatch):
    shown = []
    monkeypatch.setattr(model_step, "show_model", lambda **data: shown.append(data))
    press(page, "generate depth")
    press(page, "generate model")
    page.session_state["show"] = "Model"
    page.run()
    surface, model = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(data["still"].split(",")[1]))).convert("RGBA"))
        for data in (shown[0], shown[-1])
    )
    assert not shown[0].get("glb") and shown[-1]["glb"]
    assert np.ptp(surface[..., :3].astype(int), axis=-1).max() < 20  # grey, but for its compression
    assert np.ptp(model[..., :3].astype(int), axis=-1)[model[..., 3] > 0].mean() > 20


def test_nothing_in_the_mask_is_an_error_and_no_crash(page, monkeypatch):
    def empty(_network, photo):
        return DepthMap(
            np.zeros(photo.size_hw, np.float32),
            DepthRepresentation.RELIEF,
            np.zeros(photo.size_hw, bool),
            "face",
            matte="face",
        )

    monkeypatch.setattr(inference_queue, "predict", empty)
    press(page, "generate depth")
    press(page, "generate model")
    assert page.error and not page.exception


@pytest.mark.parametrize(
    ("module", "function"), [(model_step, "make_relief"), (model_files, "generate_model")]
)
def test_a_model_without_memory_is_one_sentence(page, monkeypatch, module, function):
    def fail(*_):
        raise MemoryError

    press(page, "generate depth")
    with monkeypatch.context() as broken:
        broken.setattr(module, function, fail)
        press(page, "generate model")
        assert [error.value[:27] for error in page.error] == ["There is not enough memory."]
        assert not page.exception
    page.run()
    assert not page.error and not page.exception
