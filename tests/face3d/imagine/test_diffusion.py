"""A picture from words by the real diffusers code, with a tiny pipeline of this disk."""

import logging

import numpy as np
import pytest
from tiny_pipeline import SIDE, write_pipeline

from face3d.errors import ImagineError
from face3d.imagine import hub
from face3d.imagine.draw import draw, find_model
from face3d.imagine.picture import is_of_words
from face3d.imagine.table import DEFAULT_IMAGE_MODEL, IMAGE_MODELS
from face3d.imagine.words import Words

STEPS = 3


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return find_model(str(write_pipeline(tmp_path_factory.mktemp("model") / "tiny")))


def drawn(model, prompt="an old man", report=lambda stage: None, **fields):
    return draw(Words(prompt, **{"preamble": "", "steps": STEPS, "side": SIDE} | fields), model, report)


def test_the_same_seed_gives_the_same_picture_and_another_one_another(model):
    first, again, other = (drawn(model, seed=seed).png for seed in (7, 7, 8))
    assert first == again != other


def test_words_and_negative_words_change_the_picture(model):
    plain = drawn(model).png
    assert drawn(model, "a girl").png != plain
    assert drawn(model, negative="hat").png != plain


def test_each_step_is_told_with_a_preview_and_the_picture_goes_the_photos_way(model, tmp_path):
    stages = []
    picture = drawn(model, report=stages.append)
    shares = [stage.share for stage in stages]
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] < 1
    steps = [stage for stage in stages if stage.preview_hwc is not None]
    assert [stage.text for stage in steps] == [f"Step {number} of {STEPS}" for number in (1, 2, 3)]
    for stage in steps:
        assert stage.preview_hwc.dtype == np.uint8 and stage.preview_hwc.shape == (SIDE // 8, SIDE // 8, 3)
    assert not np.array_equal(steps[0].preview_hwc, steps[-1].preview_hwc)
    photo = picture.photo("man.png")
    assert photo.size_hw == (SIDE, SIDE) and photo.alpha_hw is None
    assert {"prompt": "an old man", "seed": 0, "steps": STEPS, "side": SIDE, "model": "pipeline"}.items() <= (
        picture.facts.items()
    )
    (tmp_path / "man.png").write_bytes(picture.png)
    assert is_of_words(tmp_path / "man.png") and b"old man" not in picture.png


class Cancelled(Exception):
    """Raised by `report`."""


def test_what_the_report_raises_ends_the_work_between_two_steps(model):
    stages = []

    def report(stage):
        stages.append(stage.text)
        if stage.text.startswith("Step 2"):
            raise Cancelled

    with pytest.raises(Cancelled):
        drawn(model, report=report)
    assert stages[-1] == f"Step 2 of {STEPS}"


def test_words_are_neither_printed_nor_logged_and_too_many_are_said(model, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        picture = drawn(model, "zebra " * 40)
    assert "longer than the model reads" in picture.note
    said = caplog.text + "".join(capfd.readouterr())
    assert "zebra" not in said


def test_a_folder_that_is_no_pipeline_is_one_sentence(tmp_path):
    (tmp_path / "model_index.json").write_text("{")
    with pytest.raises(ImagineError, match=r"cannot be loaded .*Name a folder with model_index\.json"):
        drawn(find_model(str(tmp_path)))


def test_without_a_connection_a_model_that_is_not_here_is_one_sentence(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    model = IMAGE_MODELS[DEFAULT_IMAGE_MODEL]
    assert not hub.is_here(model)
    with pytest.raises(ImagineError, match=r"cannot be fetched \(2\.7 GB.*name a folder"):
        drawn(model)


def test_a_model_in_the_cache_is_not_fetched_again(model, tmp_path, monkeypatch):
    """The cache as the hub's client keeps it; a file that is missing there makes it one to be fetched."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    row = IMAGE_MODELS[DEFAULT_IMAGE_MODEL]
    folder = tmp_path / f"models--{row.source.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("a1")
    snapshot = folder / "snapshots" / "a1"
    for name in ("model_index.json", *(file.path for file in row.files)):
        assert not hub.is_here(row)
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).write_bytes(b"")
    assert hub.is_here(row) and hub.fetched(row, lambda stage: pytest.fail("told")) == snapshot


def test_without_the_library_the_remedy_is_said(model, monkeypatch):
    from face3d.imagine import diffusion

    monkeypatch.setattr(diffusion, "find_spec", lambda name: None)
    with pytest.raises(ImagineError, match=r"requirements-extra\.txt"):
        drawn(model)
