"""Laws of scenes of people."""

import numpy as np
import pytest
from people_model_file import needs_people_model

from training.people.hair_cards import tangents
from training.people.scene import random_scene
from training.scenes.primitives import GLASS, LABEL_HEAD, LABEL_NARROW_FACE

pytestmark = needs_people_model


@pytest.fixture(scope="module")
def scenes(families):
    """Scenes of six seeds."""
    return [random_scene(families, np.random.default_rng(seed)) for seed in range(6)]


def test_a_seed_gives_one_scene(families, scenes):
    again = random_scene(families, np.random.default_rng(2))
    assert (again.mesh.vertices_v3 == scenes[2].mesh.vertices_v3).all()
    assert (again.cards.vertices_v3 == scenes[2].cards.vertices_v3).all()
    assert again.has == scenes[2].has


def test_numbers_of_materials_kinds_and_owners_exist(scenes):
    for scene in scenes:
        opaque = scene.mesh.material_m[scene.mesh.material_m != GLASS]
        assert opaque.max() < len(scene.rows_k24)
        assert scene.cards.kind_m.max() < len(scene.kinds_k16)
        assert len(scene.owner_m) == len(scene.mesh.triangles_m3)
        assert scene.owner_m.max() * 2 == len(scene.eyes_k3)
        assert scene.mesh.triangles_m3.max() < len(scene.mesh.vertices_v3)


def test_eyes_lie_within_the_face_and_the_head_is_upright(scenes):
    """The narrow face of the first person surrounds both eyes; the one on -X is first."""
    for scene in scenes:
        face = (scene.mesh.label_m == LABEL_NARROW_FACE) & (scene.owner_m == 1)
        places = scene.mesh.vertices_v3[scene.mesh.triangles_m3[face, 0]]
        left, right = scene.eyes_k3[:2]
        assert left[0] < -2 < 2 < right[0]
        assert places[:, 1].min() < left[1] - 6
        assert places[:, 2].max() > left[2]


def test_hair_covers_the_crown_and_its_envelope_encloses_it(scenes):
    """The envelope of hair reaches as high as its cards, within a cell."""
    for scene in scenes:
        if scene.envelope is None or "two people" in scene.has or "hat" in scene.has:
            continue
        cards = scene.cards.vertices_v3[scene.cards.triangles_m3[scene.cards.casts_m]].reshape(-1, 3)
        assert abs(scene.envelope.vertices_v3[:, 1].max() - cards[:, 1].max()) < 1.0
        assert (scene.envelope.label_m == LABEL_HEAD).any()


def test_tangents_run_along_the_strands():
    """On a card whose strands run down, they point down."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, -2, 0.0], [1, -2, 0]])
    triangles = np.array([[0, 2, 1], [1, 2, 3]])
    assert np.allclose(tangents(points, triangles, -points[:, 1] / 2), [0, -1, 0])


def test_coordinates_of_cards_begin_at_the_rim(families):
    """0 at the rim, 1 inside; along the strands from 0 to 1."""
    for name, places in families.styles.items():
        if name.startswith("hair/"):
            assert places.edge_v.min() == 0, name
            assert places.edge_v.max() == 1, name
        assert places.along_v.min() >= 0
        assert places.along_v.max() <= 1
