"""Laws of the regions of a head map, on maps made by hand."""

import numpy as np
import pytest

from face3d.depth.face.inference import Box
from face3d.depth.face.regions import head_regions

FRAME = Box(0, 0, 200, 100)


def test_heads_are_listed_largest_first():
    map_hw = np.zeros((50, 100), np.float32)
    map_hw[10:20, 10:20] = 1
    map_hw[10:40, 50:80] = 1
    map_hw[0:1, 0:1] = 1  # a speck is not a head
    boxes = [region.box for region in head_regions(map_hw, FRAME)]
    assert [(h.left, h.top, h.width, h.height) for h in boxes] == [(100, 20, 60, 60), (20, 20, 20, 20)]


def _disc(x, y, radius):
    rows, columns = np.mgrid[:50, :100] + 0.5
    return (np.hypot(columns - x, rows - y) < radius).astype(np.float32)


def _eyes(*places):
    """Maps of one blob per place; which eye it is makes no difference."""
    return np.stack([np.max([score * _disc(x, y, 2) for x, y, score in places], axis=0)] * 2)


@pytest.mark.parametrize("radii", [(16, 16), (18, 10)])
def test_two_heads_that_touch_are_parted_where_both_have_an_eye(radii):
    left, right = _disc(30, 25, radii[0]), _disc(30 + sum(radii) - 4, 25, radii[1])
    head_hw, middle = np.maximum(left, right), 30 + sum(radii) - 4
    regions = head_regions(head_hw, FRAME, _eyes((30, 22, 0.9), (middle, 22, 0.8)))
    assert len(regions) == 2
    assert regions[0].box.left == 2 * (30 - radii[0])
    assert regions[1].box.left + regions[1].box.width == pytest.approx(2 * (middle + radii[1]), abs=2)
    own = [(head_hw > 0.5) & ~region.others_hw for region in regions]
    assert not (own[0] & own[1]).any() and ((own[0] | own[1]) == (head_hw > 0.5)).all()
    assert own[0][22, 30] and own[1][22, middle]
    for eyes in (_eyes((30, 22, 0.9), (middle, 22, 0.2)), None):
        (region,) = head_regions(head_hw, FRAME, eyes)
        assert region.others_hw is None and region.box.width == pytest.approx(4 * sum(radii) - 8, abs=2)


def test_a_bun_beside_a_head_is_no_head():
    bun = np.maximum(_disc(40, 28, 18), _disc(61, 28, 5))
    assert len(head_regions(bun, FRAME, _eyes((40, 25, 0.9), (61, 28, 0.9)))) == 1


def test_what_a_finer_map_has_beside_another_head_is_that_heads():
    """Of two heads apart, the place between them is the nearer one's."""
    head_hw = np.maximum(_disc(25, 25, 14), _disc(75, 25, 14))
    regions = head_regions(head_hw, FRAME, _eyes((25, 22, 0.9), (75, 22, 0.9)))
    assert [bool(region.others_hw[25, 45]) for region in regions] == [r.box.left > 100 for r in regions]
    assert [bool(region.others_hw[25, 55]) for region in regions] == [r.box.left < 100 for r in regions]
