"""A head that the photo's edge cuts: what is added is near the truth, and what was seen stays in place."""

from dataclasses import replace

import numpy as np
import pytest

from face3d.completion.beyond import continue_head, missing_px
from face3d.completion.stage import complete
from face3d.geometry.camera import unproject
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of

HEAD = head((384, 320))
EYES = (134.4, 148.8), (185.6, 148.8)
"""Halfway from crown to chin, as people's are."""
WHOLE = replace(HEAD, faces=(replace(HEAD.faces[0], eyes_xy=EYES),))
CUTS = {"top": (60, 0, 0), "left": (0, 110, 0), "right": (0, 0, 110), "top and left": (60, 110, 0)}
"""Rows off the top, columns off the left and the right; the head spans rows 42 to 256, columns 80 to 239."""


def cut(rows, left, right):
    """Depth map, photo and the window of the whole that they are."""
    window = np.s_[rows:, left : 320 - right]
    scale = np.float32(320 / (320 - left - right))
    (box, eyes), shift = (WHOLE.faces[0].box_xyxy, WHOLE.faces[0].eyes_xy), np.array([left, rows])
    width, height = 320 - left - right, 384 - rows
    box = np.clip(np.array(box) - [*shift, *shift], 0, [width, height] * 2)
    face = replace(
        WHOLE.faces[0],
        box_xyxy=tuple(box.tolist()),
        eyes_xy=tuple(map(tuple, (np.array(eyes) - shift).tolist())),
    )
    depth = replace(
        WHOLE,
        values_hw=WHOLE.values_hw[window] * scale,
        back_hw=WHOLE.back_hw[window] * scale,
        uncertainty_hw=np.full((height, width), 0.01, np.float32),
        mask_hw=WHOLE.mask_hw[window],
        matte_hw=WHOLE.matte_hw[window],
        faces=(face,),
    )
    return depth, photo_of((height, width), fov_degrees=40.0), window


@pytest.mark.parametrize("name", CUTS)
def test_what_is_added_is_near_the_whole_head(name):
    depth, photo, window = cut(*CUTS[name])
    found = continue_head(depth, photo, 1, None)
    left, top, width, height = found.photo.frame
    rows, columns = np.indices(found.added_hw.shape)
    rows, columns = rows - top + window[0].start, columns - left + window[1].start
    inside = (rows >= 0) & (columns >= 0) & (columns < 320)
    true = np.zeros(found.added_hw.shape, bool)
    true[inside] = WHOLE.mask_hw[rows[inside], columns[inside]]
    beyond = np.ones(true.shape, bool)
    beyond[top : top + height, left : left + width] = False
    beyond &= rows < 256  # below the chin nothing is added
    overlap = (found.added_hw & true & beyond).sum() / (found.added_hw | (true & beyond)).sum()
    assert overlap > 0.55
    both = found.added_hw & true
    error = (
        found.depth.values_hw[both] * (found.depth.size_hw[1] / 320)
        - WHOLE.values_hw[rows[both], columns[both]]
    )
    assert np.abs(error).mean() < 0.06  # of a picture in which the head is 0.5 wide and 0.3 deep


@pytest.mark.parametrize("name", CUTS)
def test_what_was_seen_keeps_its_colour_and_its_place_in_space(name):
    depth, photo, _ = cut(*CUTS[name])
    done = complete(depth, photo)
    left, top, width, height = done.photo.frame
    seen = np.s_[top : top + height, left : left + width]
    assert (width, height) == photo.size_hw[::-1] and done.photo.size_hw != photo.size_hw
    assert (done.photo.rgb_hwc[seen] == photo.rgb_hwc).all()
    assert (done.depth.mask_hw[seen] == depth.mask_hw).all()
    places = []
    for one, picture, part in ((depth, photo, np.s_[:]), (done.depth, done.photo, seen)):
        relief = make_relief(one, picture, ModelSettings(smoothing_px=0))
        rows, columns = np.indices(one.size_hw) + 0.5
        places.append(unproject(columns, rows, relief.front_hw, relief.camera)[part] * one.size_hw[1])
    known = depth.mask_hw & (np.abs(places[0]).sum(-1) > 0)
    assert np.abs(places[0] - places[1])[known].max() < 0.01  # pixels
    if name == "top":
        assert (done.depth.values_hw[seen] == depth.values_hw).all()


def test_what_is_made_up_is_said_to_be_unsure():
    depth, photo, _ = cut(*CUTS["top"])
    done = complete(depth, photo)
    added = done.completion.marked_hw
    assert added[:60].any() and not added[done.photo.frame[1] :].any()
    assert (done.depth.uncertainty_hw[added] == depth.uncertainty_hw.max()).all()


def test_a_whole_head_is_not_continued():
    assert not any(missing_px(WHOLE, 1).values())
    assert continue_head(WHOLE, photo_of((384, 320)), 1, None) is None
    assert continue_head(replace(WHOLE, faces=()), photo_of((384, 320)), 1, None) is None


def test_marks_of_what_is_hidden_move_with_the_photo():
    depth, photo, _ = cut(*CUTS["top"])
    hidden = np.zeros(depth.size_hw, bool)
    hidden[100:120, 140:170] = True
    done = complete(depth, photo, hidden_hw=hidden)
    top = done.photo.frame[1]
    assert (done.completion.marked_hw[top:] == hidden).all()
