import io

import numpy as np
import pytest
import trimesh
from PIL import Image

from face3d.errors import GeometryError
from face3d.export.images import picture_png
from face3d.export.renderings import View, anaglyph, render, stereo_pair, stereo_views, turntable_gif
from face3d.structures import Mesh


def painted_box():
    """A cube whose +Z side is red, +X green, +Y blue, the others grey; every side has its own vertices."""
    box = trimesh.creation.box((2, 2, 2))
    box.unmerge_vertices()
    colours = np.full((len(box.vertices), 3), 128, np.uint8)
    for axis, colour in ((2, (255, 0, 0)), (0, (0, 255, 0)), (1, (0, 0, 255))):
        colours[np.repeat(box.face_normals[:, axis] > 0.9, 3)] = colour
    return Mesh(box.vertices.astype(np.float32), box.faces.astype(np.int32), colours_n3=colours, unit="mm")


def share(picture, channel):
    others = [k for k in range(3) if k != channel]
    return float(((picture[..., channel] > 60) & (picture[..., others].max(axis=-1) < 20)).mean())


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
    assert covered.mean() == pytest.approx(np.pi / 4 * 0.94**2, abs=0.02)
    assert (covered == covered[:, ::-1]).mean() > 0.98 and (covered == covered[::-1]).mean() > 0.98
    assert picture[60, 60].mean() > picture[140, 140].mean() + 30


def test_the_nearer_of_two_surfaces_is_seen_whatever_their_order():
    corners = np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 0]], np.float32)
    two = np.concatenate([corners, corners * 0.9 + np.float32([0, 0, 0.5])])
    colours = np.repeat(np.array([[255, 0, 0], [0, 255, 0]], np.uint8), 3, axis=0)
    for faces in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        picture = render(Mesh(two, np.array(faces, np.int32), colours_n3=colours, unit="mm"), View(100))
        assert share(picture, 1) > 5 * share(picture, 0)


def test_the_eyes_see_near_things_shifted_against_far_ones():
    near, far = np.float32([[0, 0, 1]]), np.float32([[0, 0, -1]])
    spot = np.float32([[-0.1, -0.1, 0], [0.1, -0.1, 0], [0, 0.1, 0]])
    points = np.concatenate([spot + near + np.float32([0, 0.5, 0]), spot + far - np.float32([0, 0.5, 0])])
    colours = np.repeat(np.array([[255, 0, 0], [0, 255, 0]], np.uint8), 3, axis=0)
    mesh = Mesh(points, np.array([[0, 1, 2], [3, 4, 5]], np.int32), colours_n3=colours, unit="mm")

    def column(picture, channel):
        return np.argwhere(picture[..., channel].astype(int) - picture[..., 1 - channel] > 60)[:, 1].mean()

    left, right = stereo_views(mesh, 300)
    assert column(left, 0) - column(right, 0) > 2  # nearer than the picture: crossed
    assert column(left, 1) - column(right, 1) < -1
    assert (stereo_pair(mesh, 300) == np.hstack([left, right])).all()
    mixed = anaglyph(mesh, 300)
    assert (mixed[..., 1:] == right[..., 1:]).all()


def test_the_turntable_turns_and_comes_as_an_endless_gif():
    film = Image.open(io.BytesIO(turntable_gif(painted_box(), size_px=60, frames=4, seconds=1)))
    assert film.n_frames == 4 and film.info["loop"] == 0 and film.info["duration"] == 250
    shown = []
    for frame in range(4):
        film.seek(frame)
        shown.append(np.asarray(film.convert("RGB")))
    assert share(shown[0], 0) > 0.2 and share(shown[1], 1) > 0.2 and share(shown[2], 0) < 0.02


def test_a_png_comes_back():
    picture = render(painted_box(), View(40))
    assert (np.asarray(Image.open(io.BytesIO(picture_png(picture)))) == picture).all()


def test_nothing_cannot_be_drawn():
    with pytest.raises(GeometryError, match="no surface"):
        render(Mesh(np.zeros((1, 3), np.float32), np.zeros((0, 3), np.int32)), View(40))
