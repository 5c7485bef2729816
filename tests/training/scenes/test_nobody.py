"""Scenes without a person have none, and are drawn the same again from a seed."""

import numpy as np
import pytest

from training.scenes.nobody import KINDS, random_nobody
from training.scenes.primitives import LABEL_NOTHING


@pytest.mark.parametrize("kind", KINDS)
def test_a_scene_without_a_person_has_no_label_no_eye_and_no_owner(kind):
    scene = random_nobody(kind, np.random.default_rng(1))
    assert (scene.mesh.label_m == LABEL_NOTHING).all()
    assert not scene.owner_m.any() and not len(scene.eyes_k3) and "nobody" in scene.has
    assert scene.mesh.triangles_m3.max() < len(scene.mesh.vertices_v3)
    assert np.isfinite(scene.mesh.vertices_v3).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_its_scene_again_and_another_seed_another(kind):
    first, again, other = (random_nobody(kind, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.mesh.vertices_v3, again.mesh.vertices_v3)
    assert np.array_equal(first.mesh.albedo_v3, again.mesh.albedo_v3)
    assert first.mesh.vertices_v3.shape != other.mesh.vertices_v3.shape or not np.array_equal(
        first.mesh.vertices_v3, other.mesh.vertices_v3
    )
