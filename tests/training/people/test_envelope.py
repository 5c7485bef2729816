"""Laws of the envelope of hair."""

import numpy as np

from training.people.envelope import hair_envelope
from training.scenes.primitives import ellipsoid, open_edges


def balls(radius):
    """A ball without bumps around the origin."""
    points, triangles = ellipsoid([0, 0, 0], [radius] * 3, np.random.default_rng(3), bumps=0.0, size=40)
    return points / np.linalg.norm(points, axis=1, keepdims=True) * radius, triangles


def test_hair_all_around_a_head_has_an_envelope_at_its_height():
    """Skin at 8 cm, hair 2 cm above it: the gap is filled, the outside lies where the hair is."""
    (hair, hair_triangles), (skin, skin_triangles) = balls(10.0), balls(8.0)
    points, triangles = hair_envelope(hair, hair_triangles, skin, skin_triangles, np.random.default_rng(1))
    assert len(open_edges(triangles)) == 0
    radius = np.linalg.norm(points, axis=1)
    assert abs(np.median(radius) - 10) < 0.35
    assert radius.min() > 9


def test_the_envelope_ends_in_the_skin():
    """Hair above only: below, the envelope is the skin's surface."""
    (hair, hair_triangles), (skin, skin_triangles) = balls(9.5), balls(8.0)
    above = (hair[hair_triangles][..., 1] > 2).all(1)
    points, _ = hair_envelope(hair, hair_triangles[above], skin, skin_triangles, np.random.default_rng(1))
    radius = np.linalg.norm(points, axis=1)
    assert abs(np.median(radius[points[:, 1] < -1]) - 8) < 0.35
    assert np.median(radius[points[:, 1] > 5]) > 9.2
