"""Clear lenses displace, tint and reflect; beside them nothing changes."""

import numpy as np
from synthetic_picture import FRONTAL, lit_by, photograph

from training.rendering import glass, lighting
from training.rendering.camera import SceneCamera
from training.scenes import accessories
from training.scenes.primitives import (
    GLASS,
    LABEL_HEAD,
    LABEL_NOTHING,
    PLASTIC,
    euler,
    grid_triangles,
    join,
    only,
    plain,
)
from training.scenes.scene import details


def _striped_wall():
    """Upright stripes behind the place of the lenses."""
    x, y = np.meshgrid(np.linspace(-12, 12, 97), np.array([-12.0, 12.0]))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1)
    colour = np.repeat(((np.arange(97) // 4) % 2)[None, :], 2, 0).reshape(-1, 1) * np.ones(3)
    return plain(points, grid_triangles(2, 97, False), colour, LABEL_HEAD, PLASTIC)


def _lens(passes, at=4.0):
    rim = np.stack(
        [3 * np.cos(np.linspace(0, 6.2, 32)), 3 * np.sin(np.linspace(0, 6.2, 32)), np.full(32, at)], 1
    )
    (lens,) = accessories.clear_lenses([rim], np.random.default_rng(0))
    return plain(lens.vertices_v3, lens.triangles_m3, np.full(3, passes), LABEL_NOTHING, GLASS)


def test_a_lens_moves_what_is_behind_it_and_nothing_beside_it():
    wall = _striped_wall()
    bare, index = photograph(wall, FRONTAL, 200)
    seen, through = photograph(join([wall, _lens(1.0)]), FRONTAL, 200)
    changed = np.abs(seen - bare).max(-1) > 1e-6
    rows, columns = np.nonzero(changed)
    radius = (
        3 / 36 * 200 * 120 / (120 - 2)
    )  # of the lens on the picture, pixels; the pivot lies 2 cm before the origin
    assert 0.3 * np.pi * radius**2 < len(rows) < np.pi * (radius + 1) ** 2
    assert np.hypot(rows + 0.5 - 100, columns + 0.5 - 100).max() < radius + 1
    assert np.array_equal(index, through), "what is seen through glass is the wall"


def test_a_lens_makes_what_is_behind_it_smaller_or_larger_about_its_own_middle(monkeypatch):
    """Behind a lens against short sight the stripes lie closer together; the one in its middle stays."""
    monkeypatch.setattr(glass, "lens_reflection", lambda normal, *_: np.zeros(normal.shape))
    for yaw in (0, 40):
        camera = SceneCamera(euler(yaw, 0, 0), 120.0, 36.0, (0.5, 0.5), yaw)
        mesh = join([_striped_wall(), _lens(1.0, at=0.5)])
        placed = camera.place(mesh.vertices_v3)
        screen = camera.project(placed, 400)
        middle = screen[len(_striped_wall().vertices_v3) :, :2].mean(0)
        ramp = np.repeat(np.arange(400, dtype=np.float32)[None, :, None], 400, 0) * np.ones(3, np.float32)
        for power, sign in ((0.16, 1), (-0.08, -1)):
            rng = _Fixed(power)
            away = np.full((400, 400), 500.0, np.float32)
            out = glass.apply_glass(ramp, away, only(mesh, mesh.material_m == GLASS), placed, screen, (), rng)
            rows, columns = np.nonzero(out[..., 0] != ramp[..., 0])
            moved = out[rows, columns, 0] - columns
            assert (np.sign(moved) == sign * np.sign(columns + 0.5 - middle[0])).all()
            assert abs(moved.mean()) < 0.5


class _Fixed:
    """A generator whose every draw is one number."""

    def __init__(self, value):
        self.value = value

    def uniform(self, *_):
        return self.value


def test_beside_the_outline_a_lens_shows_neither_black_nor_a_second_outline(monkeypatch):
    """The wall ends within the lens: covered pixels keep the wall's colour, uncovered ones stay without."""
    monkeypatch.setattr(glass, "lens_reflection", lambda normal, *_: np.zeros(normal.shape))
    wall = plain(
        np.array([[-12, -12, 0], [0, -12, 0], [0, 12, 0], [-12, 12, 0]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
        np.full(3, 0.5),
        LABEL_HEAD,
        PLASTIC,
    )
    bare, index = photograph(wall, FRONTAL, 128)
    seen, _ = photograph(join([wall, _lens(1.0)]), FRONTAL, 128)
    covered = index >= 0
    assert (seen[covered] >= bare[covered] - 1e-5).all()
    assert np.array_equal(seen[~covered], bare[~covered])


def test_a_lens_behind_something_is_not_seen():
    wall = _striped_wall()
    bare, _ = photograph(wall, FRONTAL, 128)
    hidden, _ = photograph(join([wall, _lens(0.5, at=-6.0)]), FRONTAL, 128)
    assert np.array_equal(bare, hidden)


def test_dark_glass_lets_less_light_through_and_glints_are_never_dark():
    wall = plain(
        np.array([[-12, -12, 0], [12, -12, 0], [12, 12, 0], [-12, 12, 0]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
        np.full(3, 0.5),
        LABEL_HEAD,
        PLASTIC,
    )
    middle = {
        passes: photograph(join([wall, _lens(passes)]), FRONTAL, 128)[0][58:70, 58:70]
        for passes in (0.4, 1.0)
    }
    bare = photograph(wall, FRONTAL, 128)[0][58:70, 58:70]
    assert (middle[0.4] < middle[1.0]).all()
    assert (middle[1.0] >= bare - 1e-5).all()


def test_lenses_cast_no_shadow_of_a_solid_thing():
    mesh = join([_striped_wall(), _lens(1.0)])
    placed = FRONTAL.place(mesh.vertices_v3)
    light = lit_by([0.5, 0, 0.87], softness=1.0)

    def lit(one):
        return lighting.photograph(
            one, placed, FRONTAL.project(placed, 128), details(np.random.default_rng(0)), 120.0, light, 128, 0
        )[0]

    outside = np.hypot(*(np.mgrid[:128, :128] - 63.5)) > 14
    assert np.array_equal(lit(mesh)[outside], lit(only(mesh, mesh.material_m != GLASS))[outside])


def test_the_glint_follows_the_lamp():
    """A lens that faces half-way between camera and lamp reflects it; one that does not, hardly."""
    lamps = lit_by([0.6, 0, 0.8]).lights
    half = np.array([0.6, 0, 1.8]) / np.hypot(0.6, 1.8)
    towards, away = glass.lens_reflection(
        np.stack([half, half * [-1, 1, 1]]), lamps, np.random.default_rng(5)
    )
    assert (towards > away + 0.9).all()


def test_more_places_are_sampled_than_opencv_takes_at_once():
    ramp = np.arange(256, dtype=np.float32).repeat(256).reshape(256, 256).T
    rows, columns = np.divmod(np.arange(65_536), 256)
    sampled = glass._sampled(ramp, columns.astype(np.float32), rows.astype(np.float32))
    assert np.array_equal(sampled, ramp.ravel())
