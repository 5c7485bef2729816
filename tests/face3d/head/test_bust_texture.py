"""The texture of a bust: what the photo shows, and the colours of its parts."""

from dataclasses import replace

import numpy as np
import pytest

from face3d.geometry.completed import completion_fields, engine_share
from face3d.geometry.meshes import vertex_normals
from face3d.geometry.texture import CLAY_RGB, FRONT_SHARE, sample_texture
from face3d.head.base import above_body
from face3d.head.bust import bust_mesh
from face3d.head.bust_texture import middle_line
from face3d.head.charts import chart_of
from face3d.structures import Completion

SKIN_RGB, HAIR_RGB = (200, 150, 120), (60, 40, 30)


def test_skin_and_hair_have_their_colours_also_behind(bust, places):
    colours = sample_texture(bust.texture_hwc, bust.uv_n2)
    assert bust.uv_n2.min() >= 0 and bust.uv_n2.max() <= 1
    forehead = (np.abs(places[:, 0]) < 0.2) & (np.abs(places[:, 1] - 0.3) < 0.1) & (places[:, 2] > 0.3)
    behind = (places[:, 2] < -0.3) & (places[:, 1] > 0.2)
    assert np.abs(np.median(colours[forehead], axis=0) - SKIN_RGB).max() < 10
    assert np.abs(np.median(colours[behind], axis=0) - HAIR_RGB).max() < 20


def test_colours_meet_where_what_the_photo_shows_ends(bust):
    """Vertices there are doubled: one in the photo, one in the picture of what is hidden."""
    colours = sample_texture(bust.texture_hwc, bust.uv_n2)
    in_photo = bust.uv_n2[:, 0] <= FRONT_SHARE
    _, group = np.unique(bust.vertices_n3, axis=0, return_inverse=True)
    both = np.intersect1d(group[in_photo], group[~in_photo])
    one, other = (
        np.stack([colours[side][group[side] == place].mean(0) for place in both])
        for side in (in_photo, ~in_photo)
    )
    clay = (np.abs(one - CLAY_RGB).max(1) < 12) | (np.abs(other - CLAY_RGB).max(1) < 12)
    apart = np.abs(one - other).max(1)[~clay]
    assert len(apart) > 100 and apart.mean() < 13.5


def test_no_two_hidden_places_share_a_place_in_the_texture(bust):
    hidden = (bust.uv_n2[bust.faces_m3, 0] > FRONT_SHARE).all(1)
    places = bust.uv_n2[bust.faces_m3[hidden]]
    side = 400
    chart = chart_of(places, bust.faces_m3[hidden], (side, side))
    covered = len(np.unique(chart.rows_n * side + chart.columns_n))
    assert hidden.sum() > 1000 and covered > 0.93 * len(chart.rows_n)


def test_the_middle_line_follows_a_solid_that_leans():
    y, angle = (values.ravel() for values in np.meshgrid(np.linspace(0, 1, 200), np.linspace(0, 6.28, 60)))
    leaning = np.stack([0.3 * y + 0.2 * np.cos(angle), y, -0.4 * y + 0.2 * np.sin(angle)], -1)
    x, z = middle_line(leaning)
    inner = np.abs(y - 0.5) < 0.4
    assert np.abs(x - 0.3 * y)[inner].max() < 0.03 and np.abs(z + 0.4 * y)[inner].max() < 0.03


@pytest.mark.parametrize("named", [True, False])
def test_an_engine_that_was_named_colours_the_back_of_a_whole_head(capped_head, bust, named):
    """What the photo shows keeps its colours; without a name the back has those of the head model."""
    relief = capped_head.relief
    size_hw, green = relief.camera.size_hw, (0, 255, 0)
    painted = np.full((*size_hw, 3), green, np.uint8)
    completion = Completion("telea", painted, np.zeros(size_hw, np.float32), 0.0, named=named)
    of_engine = replace(relief, completion=completion)
    made = bust_mesh(replace(capped_head, relief=of_engine), 8_000)
    colours = sample_texture(made.texture_hwc, made.uv_n2).astype(float)
    front = made.uv_n2[:, 0] < FRONT_SHARE
    assert np.abs(colours - sample_texture(bust.texture_hwc, bust.uv_n2))[front].max() == 0
    normals = vertex_normals(made.vertices_n3.astype(np.float64), made.faces_m3)
    far = above_body(capped_head, made.vertices_n3) > 0.3
    back = ~front & far & (normals[:, 2] < -0.7 * np.linalg.norm(normals, axis=1))
    greenish = colours[back, 1] > colours[back, 0] + 100
    assert back.sum() > 100 and greenish.mean() == pytest.approx(float(named), abs=0.1)
    fields = completion_fields(made, made.vertices_n3, "bust", of_engine, of_head=True)
    assert fields["unseen_colours"] == ("telea, head model" if named else "head model")
    assert (fields.get("completed_percent", 0) > 20) == named


def test_where_an_engine_is_unsure_the_head_model_gives_the_colours(capped_head):
    relief, rng = capped_head.relief, np.random.default_rng(0)
    points = rng.uniform(-0.1, 0.1, (50, 3))
    behind, before = np.tile([0.0, 0, -1], (50, 1)), np.tile([0.0, 0, 1], (50, 1))
    for confidence in (0.0, 0.5):
        sure_hw = np.full((20, 30), confidence, np.float32)
        of_symmetry = replace(relief, completion=Completion("symmetry", None, sure_hw, confidence))
        assert np.allclose(engine_share(of_symmetry, points, behind), confidence)
        assert not engine_share(of_symmetry, points, before).any()
        assert engine_share(relief, points, behind).max() == 0
