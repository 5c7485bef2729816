"""The bust of a whole head, on the relief of the head model with hair."""

import manifold3d
import numpy as np
import pytest
from model_head import model_head

from face3d.geometry.meshes import is_closed, weld
from face3d.geometry.texture import FRONT_SHARE, sample_texture
from face3d.head.bust import bust_mesh, middle_line
from face3d.head.charts import chart_of
from face3d.head.hair import MIDDLE, to_canonical
from face3d.head.whole import whole_head

BUDGET = 8_000
BALL = 0.68
SKIN_RGB, HAIR_RGB = (200, 150, 120), (60, 40, 30)


@pytest.fixture(scope="module")
def head():
    return whole_head(model_head(20.0, cap=BALL).painted(lambda places: SKIN_RGB, ground=HAIR_RGB), 128)


@pytest.fixture(scope="module")
def mesh(head):
    return bust_mesh(head, BUDGET)


@pytest.fixture(scope="module")
def places(head, mesh):
    return to_canonical(mesh.vertices_n3, head.fit, head.relief)


def test_it_is_one_closed_solid_within_its_budget(mesh):
    kept, _, faces = weld(mesh.vertices_n3, mesh.faces_m3)
    assert is_closed(faces) and len(faces) <= BUDGET
    solid = manifold3d.Manifold(manifold3d.Mesh(mesh.vertices_n3[kept], faces.astype(np.uint32)))
    assert solid.status() == manifold3d.Error.NoError and solid.volume() > 0


def test_it_stands_on_a_plane(mesh):
    heights = mesh.vertices_n3[:, 1]
    low = mesh.faces_m3[(heights[mesh.faces_m3] < heights.min() + 1e-4).all(1)]
    one, other, third = (mesh.vertices_n3[low[:, corner]] for corner in range(3))
    downwards = -np.cross(other - one, third - one)[:, 1]
    width = np.ptp(mesh.vertices_n3[:, 0])
    assert (downwards >= 0).all() and downwards.sum() / 2 > 0.15 * width**2


def test_its_hair_is_where_it_was_seen_and_its_face_is_the_reliefs(places):
    off = places - MIDDLE
    radius = np.linalg.norm(off, axis=1)
    above = off[:, 1] > 0.8 * radius
    assert above.sum() > 50 and np.abs(radius[above] - BALL).mean() < 0.05
    model = model_head().model
    face = (np.abs(places[:, 0]) < 0.2) & (np.abs(places[:, 1]) < 0.25) & (places[:, 2] > 0.3)
    assert face.sum() > 50 and np.median(model.nearest_places(places[face])[2]) < 0.015


def test_skin_and_hair_have_their_colours_also_behind(mesh, places):
    colours = sample_texture(mesh.texture_hwc, mesh.uv_n2)
    assert mesh.uv_n2.min() >= 0 and mesh.uv_n2.max() <= 1
    forehead = (np.abs(places[:, 0]) < 0.2) & (np.abs(places[:, 1] - 0.3) < 0.1) & (places[:, 2] > 0.3)
    behind = (places[:, 2] < -0.3) & (places[:, 1] > 0.2)
    assert np.abs(np.median(colours[forehead], axis=0) - SKIN_RGB).max() < 10
    assert np.abs(np.median(colours[behind], axis=0) - HAIR_RGB).max() < 20


def test_colours_meet_where_what_the_photo_shows_ends(mesh):
    """Vertices there are doubled: one in the photo, one in the picture of what is hidden."""
    colours = sample_texture(mesh.texture_hwc, mesh.uv_n2)
    in_photo = mesh.uv_n2[:, 0] <= FRONT_SHARE
    _, group = np.unique(mesh.vertices_n3, axis=0, return_inverse=True)
    both = np.intersect1d(group[in_photo], group[~in_photo])
    one, other = (
        np.stack([colours[side][group[side] == place].mean(0) for place in both])
        for side in (in_photo, ~in_photo)
    )
    apart = np.abs(one - other).max(1)
    assert len(both) > 100 and np.median(apart) < 6 and np.percentile(apart, 90) < 40


def test_no_two_hidden_places_share_a_place_in_the_texture(mesh):
    hidden = (mesh.uv_n2[mesh.faces_m3, 0] > FRONT_SHARE).all(1)
    places = mesh.uv_n2[mesh.faces_m3[hidden]]
    side = 400
    chart = chart_of(places, mesh.faces_m3[hidden], (side, side))
    covered = len(np.unique(chart.rows_n * side + chart.columns_n))
    assert hidden.sum() > 1000 and covered > 0.93 * len(chart.rows_n)


def test_the_middle_line_follows_a_solid_that_leans():
    y, angle = (values.ravel() for values in np.meshgrid(np.linspace(0, 1, 200), np.linspace(0, 6.28, 60)))
    leaning = np.stack([0.3 * y + 0.2 * np.cos(angle), y, -0.4 * y + 0.2 * np.sin(angle)], -1)
    x, z = middle_line(leaning)
    inner = np.abs(y - 0.5) < 0.4
    assert np.abs(x - 0.3 * y)[inner].max() < 0.03 and np.abs(z + 0.4 * y)[inner].max() < 0.03
