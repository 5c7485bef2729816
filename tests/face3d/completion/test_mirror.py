from dataclasses import replace

import numpy as np
import pytest
from turned_head import SIDE, WIDTH_PX, normal_of, turned_head

from face3d.completion.mirror import MirrorPlane, find_mirror_plane
from face3d.completion.seen import see
from face3d.completion.symmetry import compare_halves
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings

HEAD_WIDTH = WIDTH_PX / SIDE


def seen_of(photo, depth):
    return see(make_relief(depth, photo, ModelSettings()))


@pytest.mark.parametrize("yaw", [0, 20, -20, 40, -40])
def test_the_plane_of_a_symmetric_head_is_the_one_it_was_turned_by(yaw):
    photo, depth, _ = turned_head(yaw)
    plane = find_mirror_plane(seen_of(photo, depth), depth.faces[0])
    off = np.degrees(np.arccos(min(1, plane.normal_3 @ normal_of(yaw))))
    assert off < (3 if abs(yaw) > 30 else 1.5) and abs(plane.offset) < 0.02 * HEAD_WIDTH


def test_eyes_that_were_found_a_little_beside_do_not_move_it_as_far():
    photo, depth, _ = turned_head(15)
    (left, right), shift = depth.faces[0].eyes_xy, 0.05 * WIDTH_PX
    beside = replace(depth.faces[0], eyes_xy=((left[0] + shift, left[1]), (right[0] + shift, right[1])))
    plane = find_mirror_plane(seen_of(photo, depth), beside)
    assert abs(plane.offset) < 0.02 * HEAD_WIDTH


@pytest.mark.parametrize("yaw", [40, -40])
def test_an_eye_that_the_nose_hides_does_not_turn_it(yaw):
    """At its place the nose is seen, between the two."""
    photo, depth, _ = turned_head(yaw)
    (left, right), middle = depth.faces[0].eyes_xy, np.mean(depth.faces[0].eyes_xy, axis=0)
    points = seen_of(photo, depth)
    nearer = [
        points.points_hw3[round(y * points.size_hw[0] / SIDE), round(x * points.size_hw[1] / SIDE), 2]
        for x, y in (left, right)
    ]
    eyes = (left, tuple(middle)) if nearer[0] > nearer[1] else (tuple(middle), right)
    plane = find_mirror_plane(points, replace(depth.faces[0], eyes_xy=eyes))
    assert np.degrees(np.arccos(min(1, plane.normal_3 @ normal_of(yaw)))) < 6
    assert abs(plane.offset) < 0.05 * HEAD_WIDTH


def test_mirroring_twice_changes_nothing_and_the_plane_stays():
    plane, rng = MirrorPlane(normal_of(33), 0.1), np.random.default_rng(0)
    points = rng.normal(size=(20, 3))
    assert np.allclose(plane.mirrored(plane.mirrored(points)), points)
    on_plane = points - (points @ plane.normal_3 - plane.offset)[:, None] * plane.normal_3
    assert np.allclose(plane.mirrored(on_plane), on_plane)
    assert np.allclose(plane.turned(plane.normal_3), -plane.normal_3)


def test_a_face_of_a_few_pixels_has_no_plane():
    photo, depth, _ = turned_head(0)
    small = replace(depth.faces[0], box_xyxy=(80, 80, 84, 84), eyes_xy=None)
    assert find_mirror_plane(seen_of(photo, depth), small) is None


def test_the_halves_agree_but_for_a_mark_on_one_of_them():
    photo, depth, _ = turned_head(10)
    rgb = photo.rgb_hwc.copy()
    rows, columns = np.indices((SIDE, SIDE))
    mark = np.hypot(rows - 100, columns - 98) < 5
    rgb[mark] = 15
    seen = seen_of(replace(photo, rgb_hwc=rgb), depth)
    halves = compare_halves(seen, MirrorPlane(normal_of(10), 0.0), HEAD_WIDTH)
    agreement = halves.of(seen.points_hw3, MirrorPlane(normal_of(10), 0.0))[1]
    inner = np.hypot(rows - 100, columns - 98) < 3
    assert agreement[inner].max() < 0.3
    clean = np.hypot(rows - 60, columns - 80) < 15
    assert agreement[clean].min() > 0.8
