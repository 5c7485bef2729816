"""Options about what the photo does not show: those that exclude each other, and the mask."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sample_files import encoded

from face3d.batch.complete_options import (
    add_complete_options,
    check_engine,
    chosen_engine,
    chosen_hidden,
    completed,
    hidden_pixels,
)
from face3d.completion import lama
from face3d.completion.table import COMPLETIONS, DEFAULT_COMPLETION
from face3d.errors import CompletionError, PhotoError
from face3d.synthetic import head, photo_of


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_complete_options(parser)
    return parser.parse_args(words)


def test_symmetry_completes_unless_another_engine_is_named():
    assert chosen_engine(parsed()) == DEFAULT_COMPLETION == "symmetry"
    assert {chosen_engine(parsed("--complete", name)) for name in COMPLETIONS} == set(COMPLETIONS)
    assert chosen_hidden(parsed(), [Path("a.jpg"), Path("b.jpg")]) is None


@pytest.mark.parametrize("kind", ["head", "shell", "plaque"])
def test_nothing_is_fetched_for_a_kind_that_an_engine_cannot_colour(kind, monkeypatch):
    """LaMa would be a download of 208 MB; of a marked place it is needed."""
    fetched = []
    monkeypatch.setattr(lama, "lama_painter", lambda *_: fetched.append(1) or (lambda rgb_hwc, _: rgb_hwc))
    options = argparse.Namespace(complete="lama", complete_pipeline=None, hidden_box=None, model=kind)
    hidden = photo_of((96, 80))
    hidden = replace(hidden, rgb_hwc=np.where(np.indices((96, 80, 3))[0] == 48, 255, 0).astype(np.uint8))
    for mask in (None, hidden):
        found = completed(head(), photo_of((96, 80)), options, mask, 1, lambda _: None)[2]
        assert found.named and len(fetched) == (mask is not None)


def test_an_engine_that_is_not_there_is_refused(capsys):
    with pytest.raises(SystemExit):
        parsed("--complete", "magic")
    assert "invalid choice: 'magic'" in capsys.readouterr().err


def test_a_pipeline_belongs_to_its_engine_and_a_mask_to_one_photo(tmp_path):
    with pytest.raises(CompletionError, match="--complete-pipeline is for --complete diffusers"):
        check_engine(parsed("--complete-pipeline", "folder"))
    mask = tmp_path / "mask.png"
    mask.write_bytes(encoded(np.full((40, 50), 255, np.uint8), "PNG"))
    with pytest.raises(CompletionError, match=r"belongs to one photo, and 2 are named\. Name one"):
        chosen_hidden(parsed("--hidden", str(mask)), [Path("a.jpg"), Path("b.jpg")])
    assert chosen_hidden(parsed("--hidden", str(mask)), [Path("a.jpg")]).size_hw == (40, 50)


def test_a_box_marks_its_pixels_of_one_photo():
    photos, box = [Path("a.jpg"), Path("b.jpg")], ("--hidden-box", "-3", "5", "20", "9000")
    assert chosen_hidden(parsed(*box), photos[:1]) is None
    with pytest.raises(CompletionError, match=r"^--hidden-box belongs to one photo, and 2 are named"):
        chosen_hidden(parsed(*box), photos)
    with pytest.raises(CompletionError, match=r"Leave out --complete none, or --hidden-box\.$"):
        chosen_hidden(parsed(*box, "--complete", "none"), photos[:1])
    with pytest.raises(CompletionError, match="--hidden and --hidden-box say the same"):
        chosen_hidden(parsed(*box, "--hidden", "mask.png"), photos[:1])
    hidden_hw = hidden_pixels((40, 30), parsed(*box).hidden_box)
    assert hidden_hw[5:, :20].all() and hidden_hw.sum() == 35 * 20
    with pytest.raises(CompletionError, match=r"marks nothing of this photo, which has 30 x 40 pixels"):
        hidden_pixels((40, 30), (30, 0, 40, 40))


def test_a_mask_that_is_no_picture_is_one_sentence(tmp_path):
    (tmp_path / "mask.png").write_text("none")
    with pytest.raises(PhotoError, match=r"mask\.png"):
        chosen_hidden(parsed("--hidden", str(tmp_path / "mask.png")), [Path("a.jpg")])
    with pytest.raises(PhotoError, match=r"none\.png is not there\. Name a picture of the photo's size\.$"):
        chosen_hidden(parsed("--hidden", str(tmp_path / "none.png")), [Path("a.jpg")])


@pytest.mark.parametrize(
    ("kind", "asked", "grows"),
    [("bust", None, True), ("lithophane", None, False), ("lithophane", "diffusion", True)],
)
def test_a_cut_head_grows_the_photo_of_a_plate_only_where_that_was_asked_for(kind, asked, grows):
    whole = head((192, 160))
    face = replace(whole.faces[0], box_xyxy=(40.0, 0.0, 120.0, 88.0), eyes_xy=((67.2, 34.4), (92.8, 34.4)))
    layers = {name: getattr(whole, name)[40:] for name in ("values_hw", "back_hw", "mask_hw", "matte_hw")}
    depth = replace(whole, faces=(face,), **layers)
    options = argparse.Namespace(complete=asked, complete_pipeline=None, hidden_box=None, model=kind)
    photo = completed(depth, photo_of((152, 160)), options, None, 1, lambda _: None)[1]
    assert (photo.size_hw[0] > 152) == grows
