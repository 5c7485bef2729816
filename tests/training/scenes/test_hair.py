"""Laws of hair, hats and head scarves."""

import cv2
import numpy as np
from face_model_file import needs_face_model
from synthetic_picture import FRONTAL, photograph

from training.rendering.camera import SceneCamera
from training.rendering.rasteriser import rasterise
from training.rendering.truth import truth
from training.scenes import accessories, hair, skin
from training.scenes.face_model import EYEBALLS, LANDMARKS_68
from training.scenes.primitives import (
    LABEL_HEAD,
    LABEL_NOTHING,
    euler,
    join,
)

SEEDS = range(8)


PALE, BLACK = np.array([0.88, 0.62, 0.5]), np.full(3, 0.02)


@needs_face_model
def test_a_hat_sits_on_top_earrings_hang_below_the_ears_and_a_fringe_hangs_lower(people):
    model, regions = people
    vertices = model.neutral_v3
    brow = vertices[LANDMARKS_68[19:25], 1].mean()
    fringes = []
    for seed in SEEDS:
        cap = hair.hat(model, regions, vertices, np.random.default_rng(seed))[0].vertices_v3
        assert cap[:, 1].max() > vertices[:, 1].max() + 0.5
        assert cap[:, 1].min() > brow - 6
        rings = accessories.earrings(model, vertices, np.random.default_rng(seed)).vertices_v3
        assert np.abs(rings[:, 0]).min() > 5
        assert rings[:, 1].max() < brow
        grown = [
            hair.hair(model, regions, vertices, BLACK, np.random.default_rng(seed), fringe)
            for fringe in (False, True)
        ]
        front = [
            part.vertices_v3[(np.abs(part.vertices_v3[:, 0]) < 2) & (part.vertices_v3[:, 2] > 5), 1].min()
            for part in grown
        ]
        fringes.append(front[0] - front[1])
    assert np.mean(fringes) > 1.5, "centimetres"


@needs_face_model
def test_long_hair_reaches_from_straight_to_curly(people):
    """How much the outside of a curtain of hair bends from row to row."""
    bends = []
    for seed in range(24):
        outer = (
            hair.curtain(people[0].neutral_v3, BLACK, np.random.default_rng(seed))
            .vertices_v3[: 64 * 32]
            .reshape(32, 64, 3)
        )
        radius = np.hypot(outer[6:, 16:48, 0], outer[6:, 16:48, 2])
        bends.append(np.abs(np.diff(radius, 2, axis=0)).mean())
    assert max(bends) > 4 * min(bends)


@needs_face_model
def test_lashes_darken_the_rims_of_the_lids_and_are_no_surface(people):
    model, regions = people
    eyes = np.array([model.neutral_v3[part].mean(0) for part in EYEBALLS])
    eyes = eyes[np.argsort(eyes[:, 0])]
    colour, vertices = skin.paint_head(
        model, regions, model.neutral_v3, PALE, BLACK, np.random.default_rng(0), set()
    )
    head = skin.head_part(model, regions, vertices, colour)
    for seed in SEEDS:
        hairs = hair.lashes(model.neutral_v3, eyes, np.random.default_rng(seed))
        assert (hairs.label_m == LABEL_NOTHING).all()
        away = np.linalg.norm(hairs.vertices_v3[:, None] - eyes, axis=2).min(1)
        assert 0.8 < away.min() < away.max() < 3.2, "between the eyeball and a centimetre before the lid"
    bare, lashed = (photograph(mesh, FRONTAL, 256)[0] for mesh in (head, join([head, hairs])))
    changed = np.argwhere(np.abs(lashed - bare).max(-1) > 0.05)
    assert len(changed) > 20
    assert (lashed - bare)[tuple(changed.T)].mean() < -0.1, "darker"
    eye_rows = FRONTAL.project(FRONTAL.place(eyes), 256)[:, 1]
    assert np.abs(changed[:, 0] - eye_rows.mean()).max() < 256 * 2 / 36, (
        "within two centimetres of the eyes' height"
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
def test_nobody_looks_behind_long_hair(people):
    """The visible side of hair is its outside: a sheet of hair means deep holes beside the face."""

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
def test_nobody_looks_under_hair(people):
    """Within a head nothing lies deep below its surroundings, as under a shell with an open rim."""

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
