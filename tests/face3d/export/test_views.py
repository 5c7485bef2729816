"""Laws of the pictures: what is seen from where, how large, how it is lit, and what is transparent."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from painted_box import painted_box, share

from face3d.errors import GeometryError
from face3d.export.views import FILL, Framing, View, draw, prepare, render, turn_framing
from face3d.structures import Mesh


@pytest.mark.parametrize(
    ("view", "channel"), [(View(90), 0), (View(90, yaw_degrees=90), 1), (View(90, pitch_degrees=89), 2)]
)
def test_each_view_shows_the_side_it_looks_at(view, channel):
    picture = render(painted_box(), view)
    assert picture.shape == (90, 90, 3)
    assert (
        share(picture, channel) > 0.2
        and sum(share(picture, k) for k in range(3)) < share(picture, channel) + 0.02
    )


def test_from_the_corner_all_three_sides_show_in_their_places():
    picture = render(painted_box(), View(120, yaw_degrees=40, pitch_degrees=30)).astype(float)
    centres = [
        np.argwhere((picture[..., k] > 60) & (np.delete(picture, k, -1).max(axis=-1) < 20)).mean(axis=0)
        for k in range(3)
    ]
    assert centres[2][0] < min(centres[0][0], centres[1][0])  # the top is above
    assert centres[0][1] < centres[1][1]  # seen from the model's left (+X), its front lies to the left


def test_a_ball_is_a_disc_lit_from_the_upper_left():
    ball = trimesh.creation.icosphere(subdivisions=4)
    picture = render(
        Mesh(ball.vertices.astype(np.float32), ball.faces.astype(np.int32), unit="mm"), View(200)
    ).astype(float)
    covered = (picture != 255).any(axis=-1)
    assert covered.mean() == pytest.approx(np.pi / 4 * FILL**2, abs=0.02)
    assert (covered == covered[:, ::-1]).mean() > 0.98 and (covered == covered[::-1]).mean() > 0.98
    assert picture[60, 60].mean() > picture[140, 140].mean() + 30


def test_the_nearer_of_two_surfaces_is_seen_whatever_their_order():
    corners = np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 0]], np.float32)
    two = np.concatenate([corners, corners * 0.9 + np.float32([0, 0, 0.5])])
    colours = np.repeat(np.array([[255, 0, 0], [0, 255, 0]], np.uint8), 3, axis=0)
    for faces in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        picture = render(Mesh(two, np.array(faces, np.int32), colours_n3=colours, unit="mm"), View(100))
        assert share(picture, 1) > 5 * share(picture, 0)


def test_nothing_cannot_be_drawn():
    with pytest.raises(GeometryError, match="no surface"):
        render(Mesh(np.zeros((1, 3), np.float32), np.zeros((0, 3), np.int32)), View(40))


def ball(scale=(1, 1, 1)):
    made = trimesh.creation.icosphere(subdivisions=4)
    return Mesh((made.vertices * scale).astype(np.float32), made.faces.astype(np.int32), unit="mm")


def extent(picture, background=255):
    """Rows and columns that the model takes."""
    covered = (picture != background).any(axis=-1)
    return covered.any(axis=1).sum(), covered.any(axis=0).sum()


def test_the_model_fits_the_picture_from_everywhere():
    long = ball((0.3, 1, 0.6))
    for view in (View(100), View(100, 90), View(100, 30, 60)):
        assert max(extent(render(long, view))) == pytest.approx(100 * FILL, abs=1.5)


def test_in_a_turn_the_model_has_one_size_and_fills_its_share_where_it_reaches_farthest():
    rod = prepare(ball((0.1, 0.2, 1)))
    framing = turn_framing(rod, 0.75)
    pictures = [draw(rod, View(200, yaw, framing=framing)) for yaw in range(0, 180, 5)]
    reach = [np.abs(np.argwhere((one != 255).any(axis=-1))[:, 1] - 99.5).max() for one in pictures]
    assert max(reach) == pytest.approx(75, abs=1) and min(reach) < 20
    tall = prepare(ball((0.3, 1, 0.3)))
    assert extent(draw(tall, View(200, framing=turn_framing(tall, 0.75))))[0] == pytest.approx(150, abs=4)


@pytest.mark.parametrize(
    ("direction", "channel"), [((0, 0, 3), 0), ((0.2, 0, 0), 1), ((0, 5, 0.01), 2), ((-4, 0, 0), None)]
)
def test_a_direction_shows_the_side_that_faces_it(direction, channel):
    picture = render(painted_box(), View(60).from_direction(direction))
    seen = [share(picture, one) for one in range(3)]
    assert max(seen) < 0.02 if channel is None else np.argmax(seen) == channel and seen[channel] > 0.2


def test_a_direction_without_a_length_is_refused():
    for nowhere in ((0, 0, 0), (np.nan, 0, 1)):
        with pytest.raises(GeometryError, match="is no direction"):
            View().from_direction(nowhere)


def test_without_background_the_rim_keeps_the_models_colour():
    """Laid over a colour, the transparent picture is the picture with that background."""
    backed = View(90, 30, 20, background_rgb=(10, 60, 200))
    clear = render(painted_box(), View(90, 30, 20, background_rgb=None)).astype(float)
    cover = clear[..., 3:] / 255
    laid = clear[..., :3] * cover + (1 - cover) * backed.background_rgb
    assert np.abs(laid - render(painted_box(), backed)).max() <= 2
    assert 0 < ((cover > 0) & (cover < 1)).mean() < 0.1 and cover[0, 0] == 0 and cover[45, 45] == 1


def test_a_texture_lies_where_its_coordinates_say():
    """A square seen from in front shows its texture, as light as a plane turned to the viewer is."""
    corners = np.float32([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    texture = np.zeros((2, 2, 3), np.uint8)
    texture[0, 0], texture[0, 1], texture[1, 0] = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    uv = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
    mesh = Mesh(corners, np.int32([[0, 1, 2], [0, 2, 3]]), uv_n2=uv, texture_hwc=texture, unit="mm")
    picture = render(mesh, View(100))
    lit = 0.38 + 0.70 * 0.82 / np.linalg.norm([0.35, 0.45, 0.82])
    for (row, column), colour in {(12, 12): 0, (12, 87): 1, (87, 12): 2}.items():
        assert picture[row, column, colour] == pytest.approx(200 * lit, abs=2)
    assert (picture[87, 87] < 3).all()
    assert picture[12, 50, :2] == pytest.approx([100 * lit, 100 * lit], abs=4)  # between two of its pixels


def test_triangles_that_face_away_change_nothing():
    """Without its farthest triangle the ball is no solid, and all triangles are drawn."""
    solid = ball((1, 0.7, 0.8))
    farthest = solid.vertices_n3[solid.faces_m3].mean(axis=1)[:, 2].argmin()
    opened = replace(solid, faces_m3=np.delete(solid.faces_m3, farthest, axis=0))
    assert prepare(solid).closed and not prepare(opened).closed
    assert not prepare(replace(solid, faces_m3=solid.faces_m3[:, ::-1])).closed  # its inside is seen
    assert np.array_equal(render(solid, View(80)), render(opened, View(80)))


def test_a_framing_shows_its_part_of_the_whole_picture():
    model = prepare(painted_box())
    whole = draw(model, View(120, 30, 20, framing=Framing(0.0, 0.0, 0.4))).astype(int)
    corner = draw(model, View(60, 30, 20, framing=Framing(-0.2, 0.2, 0.2))).astype(int)
    assert extent(corner) != (0, 0) and np.abs(corner - whole[:60, :60]).mean() < 0.5
    beside = draw(model, View(60, 30, 20, framing=Framing(3.0, 0.0, 0.2)))
    assert (beside == 255).all()
