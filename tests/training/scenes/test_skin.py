"""Laws of the painted head."""

import numpy as np
import pytest
from face_model_file import needs_face_model

from training.rendering.camera import SceneCamera
from training.rendering.rasteriser import rasterise
from training.scenes import skin
from training.scenes.face_model import FACE, LANDMARKS_68
from training.scenes.primitives import (
    euler,
)
from training.scenes.scene import random_person

SEEDS = range(8)


PALE, BLACK = np.array([0.88, 0.62, 0.5]), np.full(3, 0.02)


@pytest.fixture
def painted(people):
    """From a seed and names to albedo and vertices of the mean head with pale skin and black hair."""
    model, regions = people
    return lambda seed, *names: skin.paint_head(
        model, regions, model.neutral_v3, PALE, BLACK, np.random.default_rng(seed), set(names)
    )


@needs_face_model
def test_freckles_are_small_dark_spots_on_the_cheeks(people, painted):
    model, regions = people
    edges = model.triangles_m3[(regions.cheek[model.triangles_m3] > 0.5).all(1)][:, :2]

    def grain(*names):
        return np.mean([np.abs(np.diff(painted(seed, *names)[0][edges, 2], axis=1)).mean() for seed in SEEDS])

    assert grain("freckles") > 1.5 * grain()


@needs_face_model
def test_make_up_colours_lips_and_lids(people, painted):
    near_lid = (people[1].to_eyelid < 0.25) & (people[1].to_eyelid > 0)
    for where in (people[1].lips > 0.5, near_lid):
        colours = [
            [painted(seed, *names)[0][where].mean(0) for seed in SEEDS] for names in ((), ("make-up",))
        ]
        assert np.std(colours[1], 0).sum() > 1.5 * np.std(colours[0], 0).sum(), "of every colour"


@needs_face_model
def test_wrinkles_furrow_the_face_by_a_millimetre_or_two(people, painted):
    model, _ = people
    for seed in SEEDS:
        assert np.array_equal(painted(seed)[1], model.neutral_v3)
        moved = np.linalg.norm(painted(seed, "wrinkles")[1] - model.neutral_v3, axis=1)
        assert 0.03 < moved[FACE].max() < 0.4
        assert not moved[FACE.stop :].any()


@needs_face_model
def test_a_beard_darkens_the_chin_and_a_thick_one_has_volume(people, painted):
    model, regions = people
    chin = (regions.beard > 0.5) & (regions.lips < 0.1) & (np.arange(len(regions.beard)) < FACE.stop)
    for seed in SEEDS:
        (shaved, _), (stubble, flat), (_, thick) = (
            painted(seed, *names) for names in ((), ("beard",), ("beard", "thick beard"))
        )
        assert stubble[chin].mean() < 0.95 * shaved[chin].mean()
        assert np.array_equal(flat, model.neutral_v3)
        grown = np.linalg.norm(thick - model.neutral_v3, axis=1)
        assert 0.05 < grown[chin].max() < 2.5
        assert grown[regions.beard == 0].max() < 1e-4


@needs_face_model
def test_expressions_move_the_face_and_closed_eyes_close(people):
    model, _ = people
    upper, lower = LANDMARKS_68[[37, 38, 43, 44]], LANDMARKS_68[[41, 40, 47, 46]]

    def gap(*names):
        shapes = (skin.head_shape(model, np.random.default_rng(seed), set(names)) for seed in range(30))
        return np.array([(shape[upper, 1] - shape[lower, 1]).mean() for shape in shapes])

    assert gap("closed eyes").max() < 0.55 * gap().mean()
    below_eyes = LANDMARKS_68[27:36].tolist() + LANDMARKS_68[48:].tolist()
    moved = [
        np.ptp(
            [
                skin.head_shape(model, np.random.default_rng(seed), has)[below_eyes]
                for has in (set(), {"expression"})
            ],
            0,
        ).max()
        for seed in range(30)
    ]
    assert np.median(moved) > 0.2, "centimetres, of nose and mouth of the same person"


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
