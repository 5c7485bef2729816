"""Laws of completion: what was seen stays, symmetric colours come back, and doubt is stated."""

from dataclasses import replace

import numpy as np
import pytest
from turned_head import SIDE, pattern, turned_head

from face3d.completion.marked import as_marked
from face3d.completion.stage import NO_FACE, NOTHING_CUT, complete
from face3d.completion.table import COMPLETIONS
from face3d.errors import CompletionError
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import model_texture
from face3d.structures import Photo

OFFLINE = "symmetry", "diffusion", "telea"
ROWS, COLUMNS = np.indices((SIDE, SIDE))


@pytest.fixture(scope="module")
def turned():
    """A head turned by 30 degrees, and its completion by symmetry."""
    photo, depth, hidden = turned_head(30)
    return photo, depth, hidden, complete(depth, photo)


def hidden_side(completed):
    """The hidden part of a bust's texture, as large as the photo."""
    relief = make_relief(completed.depth, completed.photo, ModelSettings(), completed.completion)
    return np.repeat(model_texture(relief, closed=True)[:SIDE, SIDE:], 2, axis=1).astype(float)


def test_symmetric_colours_of_the_far_half_come_back(turned):
    _photo, _depth, hidden, completed = turned
    confidence = completed.completion.confidence_hw
    sure = confidence > 0.9
    assert sure.mean() > 0.02
    found, spread = (
        np.abs(hidden_side(one) - hidden)[sure].mean()
        for one in (completed, complete(completed.depth, completed.photo, "diffusion"))
    )
    assert found < 7 and found < spread / 4


def test_what_the_camera_saw_is_the_same_to_the_last_bit(turned):
    photo, depth, _, completed = turned
    assert (completed.photo.rgb_hwc == photo.rgb_hwc).all()
    for name in ("values_hw", "mask_hw", "matte_hw"):
        assert (getattr(completed.depth, name) == getattr(depth, name)).all()
    before, after = (
        model_texture(make_relief(depth, photo, ModelSettings(), one), closed=True)
        for one in (None, completed.completion)
    )
    assert (before[:, :SIDE] == after[:, :SIDE]).all() and (before[:, SIDE:] != after[:, SIDE:]).any()


def test_diffusion_is_what_a_model_has_without_completion(turned):
    photo, depth, _, _ = turned
    found = complete(depth, photo, "diffusion")
    assert found.depth is depth and found.photo is photo
    textures = [
        model_texture(make_relief(depth, photo, ModelSettings(), one), closed=True)
        for one in (None, found.completion)
    ]
    assert (textures[0] == textures[1]).all() and found.completion.confidence == 0


@pytest.mark.parametrize("engine", OFFLINE)
def test_only_marked_pixels_change(engine):
    photo, depth, _ = turned_head(10)
    hand = (np.abs(ROWS - 92) < 11) & (np.abs(COLUMNS - 93) < 9)
    covered = replace(photo, rgb_hwc=np.where(hand[..., None], np.uint8(240), photo.rgb_hwc))
    bumped = replace(depth, values_hw=np.where(hand, depth.values_hw + np.float32(0.1), depth.values_hw))
    found = complete(bumped, covered, engine, hidden_hw=hand)
    assert (found.photo.rgb_hwc == covered.rgb_hwc)[~hand].all()
    assert (found.depth.values_hw == bumped.values_hw)[~hand].all()
    assert (found.completion.marked_hw == hand).all()
    colour = np.abs(found.photo.rgb_hwc.astype(float) - photo.rgb_hwc)[hand].mean()
    shape = np.abs(found.depth.values_hw - depth.values_hw)[hand].mean()
    assert shape < 0.01
    assert colour < (8 if engine == "symmetry" else 60)
    assert (found.completion.confidence > 0) == (engine == "symmetry")


def test_where_the_halves_differ_symmetry_is_not_trusted():
    def parted(places_3):
        side = places_3[..., :1] > 0
        return np.where(side, pattern(places_3), 255 - pattern(places_3[..., [0, 2, 1]]))

    same, differing = (
        complete(depth, photo) for photo, depth, _ in (turned_head(30), turned_head(30, parted))
    )
    assert differing.completion.confidence < same.completion.confidence / 2


def test_a_map_without_a_face_keeps_the_colours_of_the_outline():
    photo, depth, _ = turned_head(30)
    found = complete(replace(depth, faces=()), photo)
    assert found.completion.note == NO_FACE and found.completion.hidden_rgb_hwc is None


def test_of_a_whole_picture_no_person_is_mirrored_or_continued():
    photo, depth, _ = turned_head(30)
    whole = replace(depth, mask_hw=np.ones_like(depth.mask_hw), matte_hw=None, person_hw=None)
    found = complete(whole, photo)
    assert found.completion.note == NOTHING_CUT and found.depth is whole and found.photo is photo


def mask_of(grey_hw):
    return Photo(np.repeat(grey_hw.astype(np.uint8)[..., None], 3, axis=-1), None, None, "0" * 64)


def test_masks_that_do_not_fit_are_refused_with_their_remedy():
    with pytest.raises(CompletionError, match=r"80 x 160 pixels and the photo 160 x 160\. Choose the mask"):
        as_marked(mask_of(np.full((160, 80), 255)), (SIDE, SIDE))
    with pytest.raises(CompletionError, match=r"is empty\. Paint white"):
        as_marked(mask_of(np.zeros((SIDE, SIDE))), (SIDE, SIDE))
    assert as_marked(mask_of(np.full((SIDE, SIDE), 255)), (SIDE, SIDE)).all()
    photo, depth, _ = turned_head(0)
    with pytest.raises(CompletionError, match="nothing of the person"):
        complete(depth, photo, hidden_hw=~depth.mask_hw)
    with pytest.raises(CompletionError, match="whole person"):
        complete(depth, photo, "diffusion", hidden_hw=np.ones((SIDE, SIDE), bool))


def test_an_unknown_engine_names_those_there_are():
    photo, depth, _ = turned_head(0)
    with pytest.raises(CompletionError, match="choose one of " + ", ".join(COMPLETIONS)):
        complete(depth, photo, "magic")
