"""The texture of a bust: what the photo shows, and the colours of its parts."""

import numpy as np

from face3d.geometry.texture import CLAY_RGB, FRONT_SHARE, sample_texture
from face3d.head.bust_texture import middle_line
from face3d.head.charts import chart_of

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
