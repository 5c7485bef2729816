"""What rendered samples hold: their truth agrees with itself, and what is drawn on top of the surfaces
changes the picture only.
"""

import math

import cv2
import numpy as np
import pytest
from face_model_file import FACE_MODEL, needs_face_model
from synthetic_picture import FRONTAL, photograph

from training.rendering import lighting
from training.rendering.backdrop import outdoor_backdrop, random_backdrop
from training.rendering.camera import SceneCamera, random_camera
from training.rendering.rasteriser import rasterise
from training.rendering.sample import LANDMARK_DEPTH, in_view, render
from training.rendering.truth import truth
from training.scenes import accessories, hair, scene, skin
from training.scenes.face_model import EYEBALLS, EYES, HEAD, LANDMARKS_68, find_regions, load_face_model
from training.scenes.primitives import (
    LABEL_HEAD,
    LABEL_NARROW_FACE,
    LABEL_NOTHING,
    PLASTIC,
    ellipsoid,
    euler,
    join,
    plain,
)
from training.scenes.scene import random_person


@pytest.fixture(scope="module")
def people():
    model = load_face_model(FACE_MODEL)
    return model, find_regions(model)


@pytest.fixture(scope="module")
def samples(people):
    return [render(*people, seed, 160) for seed in range(40, 64)]


@needs_face_model
def test_the_stored_normals_are_those_of_the_stored_relief(samples):
    """Away from edges. The relief's own slopes are the golden value."""
    angles = []
    for sample in samples:
        relief = sample.relief_hw * len(sample.relief_hw)
        down, across = np.gradient(relief)
        slope = np.stack([-across, down, np.ones_like(relief)], -1)
        slope /= np.linalg.norm(slope, axis=-1, keepdims=True)
        stored = sample.normal_hwc / 127
        smooth = (np.hypot(down, across) < 0.7) & (
            cv2.erode((sample.label_hw > 0).astype(np.uint8), np.ones((5, 5))) > 0
        )
        assert np.allclose(np.linalg.norm(stored[sample.label_hw > 0], axis=-1), 1, atol=0.02)
        assert not stored[sample.label_hw == 0].any()
        angles.append(np.degrees(np.arccos(np.clip((slope * stored).sum(-1)[smooth], -1, 1))))
    assert np.median(np.concatenate(angles)) < 6, (
        "perspective and the polygons' edges account for a few degrees"
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


@needs_face_model
def test_only_skin_of_a_head_has_canonical_coordinates_and_most_of_a_bare_face_has(samples):
    for sample in samples:
        skin_hw = ~np.isnan(sample.canonical_hwc).any(-1)
        assert (np.isnan(sample.canonical_hwc).all(-1) == ~skin_hw).all()
        assert not (skin_hw & (sample.label_hw == LABEL_NOTHING)).any()
    bare = [
        sample
        for sample in samples
        if not sample.has & {"nobody", "glasses", "mask", "hand", "microphone", "two people", "things"}
    ]
    face = np.concatenate(
        [~np.isnan(sample.canonical_hwc[sample.label_hw == LABEL_NARROW_FACE, 0]) for sample in bare]
    )
    assert face.mean() > 0.9


def test_normals_of_a_slope_lean_to_the_side_it_faces():
    """A roof before the camera: its right half faces right, its upper half faces up, whichever way its
    triangles are wound.
    """
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


@needs_face_model
def test_the_stored_head_is_where_the_label_is(samples):
    alone = [
        sample
        for sample in samples
        if "two people" not in sample.has and (sample.label_hw >= LABEL_HEAD).any()
    ]
    assert len(alone) > 10
    for sample in alone:
        columns = np.flatnonzero((sample.label_hw >= LABEL_HEAD).any(0))
        rows = np.flatnonzero((sample.label_hw >= LABEL_HEAD).any(1))
        x, y, width = sample.heads_23[0]
        assert width == columns[-1] + 1 - columns[0]
        assert x == (columns[0] + columns[-1] + 1) / 2
        assert y == (rows[0] + rows[-1] + 1) / 2
        assert not sample.heads_23[1].any()


@needs_face_model
def test_each_eye_lies_among_the_landmarks_of_its_lids(people):
    person = random_person(*people, np.random.default_rng(3))
    for eye, marks in zip(person.eyes_23, EYES, strict=True):
        low, high = person.landmarks_683[list(marks)].min(0), person.landmarks_683[list(marks)].max(0)
        assert (low[:2] < eye[:2]).all()
        assert (eye[:2] < high[:2]).all()
    assert len(person.landmarks_683) == 68


@needs_face_model
def test_landmarks_behind_the_head_are_not_in_view(people):
    """In a profile the far eye and the far half of the jaw line are hidden; frontally nearly all shows."""

    model, regions = people
    head = skin.head_part(model, regions, model.neutral_v3, np.ones_like(model.neutral_v3))
    marks = model.neutral_v3[LANDMARKS_68]
    shown = {}
    for yaw in (0, 80):
        camera = SceneCamera(euler(yaw, 0, 0), 120.0, 36.0, (0.5, 0.5), yaw)
        away = truth(
            head, np.ones(len(head.triangles_m3), np.uint8), camera, camera.place(head.vertices_v3), 128
        ).distance_hw
        shown[yaw] = in_view(camera.project(camera.place(marks), 128), away, LANDMARK_DEPTH)[:, 2] > 0
    assert shown[0].mean() > 0.9
    near, far = slice(36, 42), slice(42, 48)
    assert shown[80][near].sum() >= 4
    assert not shown[80][far].any()
    assert shown[80][0:8].all()
    assert not shown[80][9:17].any()


@needs_face_model
def test_a_pixel_more_than_half_covered_has_a_surface(samples):
    for sample in samples:
        assert (sample.label_hw[sample.matte_hw > 127] > 0).all()
        assert (sample.thickness_hw[sample.label_hw > 0] <= 0).sum() <= 0.002 * sample.label_hw.size, (
            "everybody has an inside"
        )


@needs_face_model
def test_loose_strands_soften_the_matte_and_are_no_surface(people):
    model, regions = people
    grown = hair.hair(model, regions, model.neutral_v3, np.full(3, 0.2), np.random.default_rng(1), False)
    strands = hair.loose_strands([grown], np.full(3, 0.2), np.random.default_rng(2))
    without, with_them = grown, join([grown, strands])
    seen = [
        truth(mesh, np.ones(len(mesh.triangles_m3), np.uint8), FRONTAL, FRONTAL.place(mesh.vertices_v3), 128)
        for mesh in (without, with_them)
    ]
    for one, other in zip(*seen, strict=True):
        assert np.array_equal(one, other, equal_nan=True)
    covered = [(photograph(mesh, FRONTAL, 256)[1] >= 0).mean() for mesh in (without, with_them)]
    assert covered[0] < covered[1] < 1.5 * covered[0]


@needs_face_model
def test_the_head_of_a_scarf_ends_at_the_chin_like_any_other(people):
    """The wall along the scarf's lower edge, at the shoulders, is no head."""
    model, regions = people
    for seed in range(5):
        scarf = hair.head_scarf(model, regions, model.neutral_v3, np.random.default_rng(seed))
        head = scarf.vertices_v3[scarf.triangles_m3[scarf.label_m == LABEL_HEAD]].mean(1)
        assert head[:, 1].min() > model.neutral_v3[LANDMARKS_68[8], 1] - 2


@needs_face_model
def test_a_mask_has_no_hole_at_an_open_mouth(people):
    model, regions = people
    jaw = np.zeros(len(model.expression_names))
    jaw[model.expression_names.index("jawOpen")] = 1
    vertices = model.shape(np.zeros(len(model.identity_kv3)), jaw)
    upper, lower = vertices[LANDMARKS_68[[62, 66]]]
    assert upper[1] - lower[1] > 1, "the mouth is open"
    inside = FRONTAL.project(FRONTAL.place(np.linspace(upper, lower, 9)), 256)
    for seed in range(4):
        mask = accessories.mask(model, regions, vertices, np.random.default_rng(seed))
        index = rasterise(
            FRONTAL.project(FRONTAL.place(mask.vertices_v3), 256), mask.triangles_m3, 256, 256, False
        )[0]
        assert (index[inside[:, 1].astype(int), inside[:, 0].astype(int)] >= 0).all()


@needs_face_model
def test_what_closes_the_shoulders_hides_within_the_clothes(people):
    shares = []
    for seed in range(8):
        person = random_person(*people, np.random.default_rng(seed))
        mesh = person.mesh
        first = len(people[0].triangles_m3)
        chest = slice(first, first + 3 * len(people[1].neckline_k2))
        camera = SceneCamera(euler(0, 0, 0), 120.0, 60.0, (0.5, 0.4), 0.0)
        index = rasterise(
            camera.project(camera.place(mesh.vertices_v3), 128), mesh.triangles_m3, 128, 128, False
        )[0]
        shares.append(((index >= chest.start) & (index < chest.stop)).mean())
    assert np.mean(shares) < 0.005


def test_smooth_normals_do_not_turn_round_at_the_outline():
    """On a ball every normal points away from its middle, also where the flat triangle and the smooth normal
    disagree on what is seen.
    """
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


def test_cameras_reach_every_promised_angle():
    rng = np.random.default_rng(0)
    cameras = [random_camera(rng) for _ in range(3000)]
    yaw = np.array([camera.yaw for camera in cameras])
    # Of a rotation about Z after one about X after one about Y the second column is (-sin roll cos pitch, cos
    # roll cos pitch, sin pitch).
    upright = np.array([camera.rotation_33[:, 1] for camera in cameras])
    roll, pitch = np.degrees(np.arctan2(-upright[:, 0], upright[:, 1])), np.degrees(np.arcsin(upright[:, 2]))
    assert 85 < np.abs(yaw).max() <= 90
    for angle in (pitch, roll):
        assert 42 < np.abs(angle).max() <= 45.01
        assert np.median(np.abs(angle)) < 12
    assert np.median(np.abs(yaw)) < 30, "most are portraits"
    assert min(camera.distance for camera in cameras) < 35
    assert max(camera.distance for camera in cameras) > 200


def test_backdrops_are_pictures_and_outdoors_the_sky_is_above():
    drawn = [random_backdrop(64, np.random.default_rng(seed)) for seed in range(30)]
    assert all(
        one.shape == (64, 64, 3) and one.dtype == np.float32 and np.isfinite(one).all() for one in drawn
    )
    outdoors = [outdoor_backdrop(64, np.random.default_rng(seed)) for seed in range(20)]
    brighter = [one[:8].mean() > one[-8:].mean() for one in outdoors]
    assert np.mean(brighter) > 0.8


@needs_face_model
def test_samples_repeat_by_seed_and_vary_between_seeds(people):

    model, regions = people
    one, again, other = (render(model, regions, seed, 64) for seed in (5, 5, 6))
    assert np.array_equal(one.rgb_hwc, again.rgb_hwc)
    assert np.array_equal(one.relief_hw, again.relief_hw)
    assert not np.array_equal(one.rgb_hwc, other.rgb_hwc)


@needs_face_model
def test_everything_promised_appears_about_as_often_as_promised(people):

    count = 160
    rngs = [np.random.default_rng(seed) for seed in range(count)]
    seen = [scene.random_scene(*people, rng).has | lighting.random_light(rng)[1] for rng in rngs]
    chances = {**scene.CHANCE, **scene.SCENE_CHANCE, **lighting.CHANCE}
    dependent = {
        "thick beard": 0.3,
        "sunglasses": 0.15,
        "long hair": 0.88,
        "fringe": 0.88,
        "hair": 0.96,
        "hat": 0.96,
    }
    for name, chance in chances.items():
        expected = count * chance * dependent.get(name, 1.0)
        found = sum(name in has for has in seen)
        assert found > 0, name
        assert abs(found - expected) < 4 * math.sqrt(expected) + 1, name


@needs_face_model
def test_a_mask_covers_the_mouth_and_not_the_eyes(people):

    model, regions = people
    for seed in range(5):
        part = accessories.mask(model, regions, model.neutral_v3, np.random.default_rng(seed))
        low, high = part.vertices_v3.min(0), part.vertices_v3.max(0)
        mouth, eye = model.neutral_v3[LANDMARKS_68[62]], model.neutral_v3[LANDMARKS_68[37]]
        assert low[1] < mouth[1] < high[1] < eye[1]
        assert high[2] > model.neutral_v3[LANDMARKS_68[30], 2], "before the tip of the nose"


@needs_face_model
def test_a_microphone_is_before_the_mouth_and_a_hand_before_or_beside_the_face(people):

    vertices = people[0].neutral_v3
    mouth = vertices[LANDMARKS_68[62]]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        ball = accessories.microphone(vertices, rng).vertices_v3[:400].mean(0)
        assert ball[2] > mouth[2]
        assert np.linalg.norm(ball - mouth) < 20
        assert accessories.hand(vertices, np.ones(3), np.ones(3), rng).vertices_v3[:, 2].max() > 4


@needs_face_model
def test_nobody_looks_behind_long_hair(people):
    """What a camera sees of hair is its outside: a sheet of hair with air behind it taught deep holes beside
    the face.
    """

    model, _ = people
    for seed in range(6):
        part = hair.curtain(model.neutral_v3, np.ones(3), np.random.default_rng(seed))
        vertices = np.concatenate([part.vertices_v3, model.neutral_v3])
        triangles = np.concatenate([part.triangles_m3, model.triangles_m3 + len(part.vertices_v3)]).astype(
            np.int32
        )
        camera = SceneCamera(euler(10.0 * seed - 25, 0, 0), 120.0, 40.0, (0.5, 0.5), 0.0)
        screen = camera.project(camera.place(vertices), 160)
        index = rasterise(screen, triangles, 160, 160, False)[0]
        seen = triangles[index[(index >= 0) & (index < len(part.triangles_m3))]]
        a, b, c = (screen[seen[:, k], :2] for k in range(3))
        turned = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        inside_out = float((turned > 0).mean())  # y points down on the screen
        assert inside_out < 0.02


@needs_face_model
def test_things_hide_a_person_and_belong_to_none(people):
    """A plate between the camera and the head leaves nothing of it in the truth; a plate behind it leaves
    all, and its thickness.
    """

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


@needs_face_model
def test_nobody_looks_under_hair(people):
    """Within a head nothing is seen deep below its surroundings: a shell with an open rim taught holes along
    the hairline.
    """

    model, regions = people
    bald = skin.head_part(model, regions, model.neutral_v3, np.ones_like(model.neutral_v3))
    thin = []
    for seed in range(6):
        grown = hair.hair(model, regions, model.neutral_v3, np.ones(3), np.random.default_rng(seed), False)
        mesh = join([bald, grown])
        camera = SceneCamera(euler(9.0 * seed - 22, 0, 0), 120.0, 36.0, (0.5, 0.5), 0.0)
        seen = truth(
            mesh, np.ones(len(mesh.triangles_m3), np.uint8), camera, camera.place(mesh.vertices_v3), 128
        )
        inner = cv2.erode((seen.label_hw >= 2).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        thin.append((seen.thickness_hw[inner] < 0.03).mean())
    assert np.mean(thin) < 0.001, "a ray that enters under the rim leaves at once; ears alone are thin"
