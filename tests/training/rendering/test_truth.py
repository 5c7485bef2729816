"""Laws of the ground truth of any mesh."""

import numpy as np
from face_model_file import needs_face_model
from synthetic_picture import FRONTAL

from training.rendering.camera import SceneCamera
from training.rendering.truth import truth
from training.scenes import skin
from training.scenes.face_model import EYEBALLS, HEAD
from training.scenes.primitives import (
    LABEL_HEAD,
    LABEL_NOTHING,
    PLASTIC,
    ellipsoid,
    euler,
    join,
    plain,
)


@needs_face_model
def test_canonical_coordinates_are_the_place_on_the_neutral_head(people):
    """A stranger with another face turned to the side: the vertices in view say where on the neutral head
    each pixel lies.
    """
    model, regions = people
    rng = np.random.default_rng(3)
    face = skin.head_shape(model, rng, {"expression"})
    head = skin.head_part(model, regions, face, np.full_like(face, 0.5))
    camera = SceneCamera(euler(35, 10, 5), 90, 34, (0.5, 0.5), 35)
    placed = camera.place(head.vertices_v3)
    true = truth(head, np.ones(len(head.triangles_m3), np.uint8), camera, placed, 512)
    column, row, distance = camera.project(placed[: HEAD.stop], 512).T
    pixels = np.floor(row).astype(int).clip(0, 511), np.floor(column).astype(int).clip(0, 511)
    visible = (np.abs(true.distance_hw[pixels] - distance) < 0.1) & (true.normal_hwc[pixels][:, 2] > 0.5)
    visible &= ~np.isnan(true.canonical_hwc[pixels]).any(1)
    width = np.ptp(model.neutral_v3[: HEAD.stop, 0][regions.above_chin[: HEAD.stop] > 0])
    expected = (model.neutral_v3[: HEAD.stop] - [0, 0, 2]) / width
    off = np.abs(true.canonical_hwc[pixels] - expected)[visible]
    assert visible.sum() > 2000
    assert np.median(off) < 0.002, "head widths: a pixel is 0.0036 of them"
    assert np.quantile(off, 0.99) < 0.01
    eye = camera.project(placed[EYEBALLS[0]].mean(0, keepdims=True), 512)[0]
    assert np.isnan(true.canonical_hwc[int(eye[1]), int(eye[0])]).all()
    assert np.isnan(true.canonical_hwc[true.label_hw == 0]).all()


def test_normals_of_a_slope_lean_to_the_side_it_faces():
    """A roof before the camera: its right half faces right, its upper half up, for both windings."""
    corners = np.array([[-8, 0, 0], [8, 0, 0], [0, 8, 0], [0, -8, 0], [0, 0, 6]], np.float32)
    sides = np.array([[4, 1, 2], [4, 2, 0], [4, 0, 3], [4, 3, 1]])
    for winding in (sides, sides[:, ::-1]):
        # Each side with corners of its own, so that no normal is shared between two.
        mesh = join(
            [plain(corners[side], np.array([[0, 1, 2]]), np.ones(3), LABEL_HEAD, PLASTIC) for side in winding]
        )
        normal = truth(mesh, np.ones(4, np.uint8), FRONTAL, FRONTAL.place(mesh.vertices_v3), 64).normal_hwc
        assert (normal[30, 34:40, 0] > 0.3).all()
        assert (normal[30, 25:30, 0] < -0.3).all()
        assert (normal[25:30, 32, 1] > 0.3).all()
        assert (normal[34:40, 32, 1] < -0.3).all()
        assert (normal[28:36, 28:36, 2] > 0.3).all()


def test_smooth_normals_do_not_turn_round_at_the_outline():
    """On a ball every normal points outwards, also where flat triangle and smooth normal disagree."""
    ball = plain(
        *ellipsoid([0, 0, 0], [8, 8, 8], np.random.default_rng(0), 0.0, 24), np.ones(3), LABEL_HEAD, PLASTIC
    )
    seen = truth(
        ball, np.ones(len(ball.triangles_m3), np.uint8), FRONTAL, FRONTAL.place(ball.vertices_v3), 200
    )
    rows, columns = np.nonzero(seen.label_hw)
    outward = np.stack([columns - 99.5, 99.5 - rows], 1)
    far = np.hypot(*outward.T) > 0.5 * np.hypot(*outward.T).max()
    assert ((seen.normal_hwc[rows, columns, :2] * outward).sum(1)[far] > 0).all()
    assert ((seen.normal_hwc[rows, columns] * FRONTAL.rays(200)[rows, columns]).sum(1) < 1e-3).all()


@needs_face_model
def test_things_hide_a_person_and_belong_to_none(people):
    """A plate before the head leaves nothing of it in the truth; one behind it leaves all."""

    model, regions = people
    head = skin.head_part(model, regions, model.neutral_v3, np.ones_like(model.neutral_v3))
    camera = SceneCamera(euler(0, 0, 0), 120.0, 40.0, (0.5, 0.5), 0.0)
    corners = np.array([[-40, -40, 0], [40, -40, 0], [40, 40, 0], [-40, 40, 0]], np.float32)

    def seen_with_plate(z):
        plate = plain(
            corners + np.array([0, 0, z]),
            np.array([[0, 1, 2], [0, 2, 3]]),
            np.ones(3),
            LABEL_NOTHING,
            PLASTIC,
        )
        mesh = join([head, plate])
        owner = np.repeat(np.array([1, 0], np.uint8), [len(head.triangles_m3), 2])
        return truth(mesh, owner, camera, camera.place(mesh.vertices_v3), 48)

    alone = truth(head, np.ones(len(head.triangles_m3), np.uint8), camera, camera.place(head.vertices_v3), 48)
    before, behind = seen_with_plate(30), seen_with_plate(-30)
    assert not before.label_hw.any()
    assert not before.relief_hw.any()
    for one, other in zip(alone[:3], behind[:3], strict=True):
        assert np.array_equal(one, other, equal_nan=True)
