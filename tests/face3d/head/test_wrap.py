"""Laws of the wrapping, on reliefs of the head model itself."""

import numpy as np
import pytest
from model_head import SCALE, SIDE, model_head

from face3d.geometry.camera import project
from face3d.geometry.meshes import vertex_normals
from face3d.head.wrap import wrapped

IN_FRONT = 0.02
"""Image widths."""


def facing(head, points_v3):
    """Cosines between the skin's normals and the lines of sight, and the skin's places in the picture."""
    camera = head.relief.camera
    skin = points_v3[: head.model.skin_vertices].astype(np.float64)
    toward = np.array([0, 0, camera.distance]) - skin if camera.perspective else np.array([[0, 0, 1.0]])
    normals = vertex_normals(skin, head.model.skin_triangles_m3)
    return (normals * toward).sum(1) / np.linalg.norm(toward, axis=1)


def seen_face(head, points_v3):
    """(skin vertices,) bool: those of the face that the camera sees well."""
    place = head.model.neutral_v3[: head.model.skin_vertices]
    columns, rows = (np.floor(at).astype(int) for at in project(points_v3[: len(place)], head.relief.camera))
    inside = (columns >= 0) & (columns < SIDE) & (rows >= 0) & (rows < SIDE)
    at = np.clip(rows, 0, SIDE - 1), np.clip(columns, 0, SIDE - 1)
    same = np.linalg.norm(np.nan_to_num(head.places_hwc[at], nan=9) - place, axis=1) < 0.05
    return inside & same & (facing(head, points_v3) > 0.6) & (np.abs(place[:, 1]) < 0.4)


@pytest.mark.parametrize(("yaw", "perspective"), [(0.0, True), (40.0, False)])
def test_a_relief_of_the_fitted_head_moves_nothing(yaw, perspective):
    """But for steep places, for the pixels' middles lie beside the vertices."""
    head = model_head(yaw, perspective)
    before = head.fit.vertices(head.model, head.relief.camera)
    moved = np.linalg.norm(wrapped(head.model, head.fit, head.relief) - before, axis=1) / SCALE
    assert np.percentile(moved, 99) < 0.015 and moved.mean() < 0.002 and moved.max() < 0.05


@pytest.mark.parametrize(("yaw", "perspective"), [(0.0, True), (40.0, False)])
def test_seen_skin_comes_to_a_relief_in_front_and_the_back_follows_by_less_than_half(yaw, perspective):
    head = model_head(yaw, perspective)
    before = head.fit.vertices(head.model, head.relief.camera)
    after = wrapped(head.model, head.fit, head.with_front(IN_FRONT))
    share = (after - before)[: head.model.skin_vertices, 2] / IN_FRONT
    seen = seen_face(head, before)
    assert np.count_nonzero(seen) > 1000
    assert np.percentile(share[seen], 5) > 0.8 and np.percentile(share[seen], 95) < 1.2
    assert np.median(share[seen]) == pytest.approx(1, abs=0.05)
    place = head.model.neutral_v3[: len(seen)]
    behind = (facing(head, before) < -0.5) & (place[:, 1] > -0.2) & (place[:, 2] < -0.2)
    assert np.count_nonzero(behind) > 300 and np.median(np.abs(share[behind])) < 0.45


@pytest.mark.parametrize("perspective", [True, False])
def test_no_triangle_that_faces_the_camera_turns_over_however_rough_the_relief_is(perspective):
    head = model_head(0.0, perspective)
    before = head.fit.vertices(head.model, head.relief.camera)
    rough = np.random.default_rng(0).normal(0, 0.02, (SIDE, SIDE))
    after = wrapped(head.model, head.fit, head.with_front(rough))
    faces = head.model.moving_triangles_m3
    skin = slice(0, head.model.moving_vertices)
    assert np.abs(after - before)[skin].max() > 0.003

    def signed_areas(points_v3):
        a, b, c = np.moveaxis(np.stack(project(points_v3, head.relief.camera), -1)[faces], 1, 0)
        one, other = b - a, c - a
        return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]

    then, now = signed_areas(before), signed_areas(after)
    clear = np.abs(then) > 1e-3
    assert (np.sign(then) == np.sign(now))[clear].all()
    both = (np.stack(project(points[skin], head.relief.camera)) for points in (before, after))
    assert np.abs(np.subtract(*both)).max() < 1e-3, "the head's picture stays the same"


def test_eyes_and_teeth_move_as_one_and_with_the_skin_around_them():
    """The relief of the head's left half comes forward: its eye goes along, the other stays."""
    head = model_head()
    before = head.fit.vertices(head.model, head.relief.camera)
    change = np.where(np.arange(SIDE) < SIDE / 2, 0, IN_FRONT)
    moves = wrapped(head.model, head.fit, head.with_front(change[None])) - before
    mouth, *eyes = head.model.followers
    for part, _ in (mouth, *eyes):
        assert np.ptp(moves[part], axis=0).max() < 1e-6
    shares = {}
    for part, beside in eyes:
        middle = head.model.neutral_v3[part].mean(0)
        lids = head.model.opening_around(middle)
        shares[middle[0] > 0] = moves[part[0], 2] / IN_FRONT
        assert moves[part[0], 2] == pytest.approx(moves[lids, 2].mean(), abs=0.2 * IN_FRONT)
        assert moves[part[0]] == pytest.approx(moves[beside].mean(0), abs=1e-6)
    assert shares[True] > 0.85 and abs(shares[False]) < 0.15
