import io

import numpy as np
from painted_box import painted_box, share
from PIL import Image

from face3d.export import renderings
from face3d.export.images import picture_png
from face3d.export.renderings import anaglyph, picture_from, stereo_pair, stereo_views
from face3d.export.views import View, render
from face3d.structures import Mesh


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


def test_a_png_comes_back():
    picture = render(painted_box(), View(40))
    assert (np.asarray(Image.open(io.BytesIO(picture_png(picture)))) == picture).all()


def test_a_picture_from_a_direction_has_its_size_and_its_background(monkeypatch):
    assert renderings.PICTURE_PX == 1600
    monkeypatch.setattr(renderings, "PICTURE_PX", 80)
    on_white, clear = (
        Image.open(io.BytesIO(picture_from(painted_box(), (2, 0, 0), background=background)))
        for background in (True, False)
    )
    assert on_white.size == clear.size == (80, 80) and (on_white.mode, clear.mode) == ("RGB", "RGBA")
    assert share(np.asarray(on_white), 1) > 0.2
    assert clear.getpixel((0, 0))[3] == 0 and clear.getpixel((40, 40)) == (*on_white.getpixel((40, 40)), 255)
