"""Laws of the solid of several surfaces, on balls."""

import numpy as np
import pytest
import trimesh

from face3d.geometry.meshes import is_closed, vertex_normals, weld
from face3d.head.solid import Grid, evened, inside_share, soften, surface_of

RADIUS, CELL = 0.5, 0.035
VOLUME = 4 / 3 * np.pi * RADIUS**3


def ball(x=0.0, radius=RADIUS):
    found = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    return np.asarray(found.vertices + np.array([x, 0.01, 0.02]), np.float32), np.asarray(
        found.faces, np.int32
    )


def joined(*meshes):
    counts = np.cumsum([0] + [len(vertices) for vertices, _ in meshes[:-1]])
    faces = [faces + count for (_, faces), count in zip(meshes, counts, strict=True)]
    return np.concatenate([vertices for vertices, _ in meshes]), np.concatenate(faces).astype(np.int32)


def share_of(*meshes):
    vertices, faces = joined(*meshes)
    grid = Grid.around(vertices.min(0), vertices.max(0), CELL)
    return grid, inside_share(grid, vertices, faces)


def test_a_grid_covers_its_box_and_two_cells_around_it():
    grid = Grid.around(np.array([0, -1, 2.0]), np.array([1, 1, 2.5]), 0.1)
    for axis, (low, high) in enumerate(((0, 1), (-1, 1), (2, 2.5))):
        middles = grid.middles(axis)
        assert len(middles) == grid.shape[axis] and np.allclose(np.diff(middles), 0.1)
        assert middles[0] == pytest.approx(low - 0.15) and high + 0.15 <= middles[-1] < high + 0.3


def test_the_shares_add_up_to_the_volume_and_are_none_outside():
    grid, share = share_of(ball())
    assert share.sum() * CELL**3 == pytest.approx(VOLUME, rel=0.005)
    assert share.min() >= 0 and share.max() <= 1
    places = np.stack(np.meshgrid(*(grid.middles(axis) for axis in range(3)), indexing="ij"), -1)
    away = np.linalg.norm(places - [0, 0.01, 0.02], axis=-1)
    assert (share[away < RADIUS - 1.5 * CELL] == 1).all() and share[away > RADIUS + 1.5 * CELL].max() < 1e-6


@pytest.mark.parametrize("apart", [0.0, 0.2, 0.6])
def test_what_several_surfaces_enclose_counts_once(apart):
    """Two balls: their volume less that of the lens in both. One inside another changes nothing."""
    _, share = share_of(ball(), ball(apart), ball(radius=0.2))
    lens = np.pi * (4 * RADIUS + apart) * (2 * RADIUS - apart) ** 2 / 12
    assert share.sum() * CELL**3 == pytest.approx(2 * VOLUME - lens, rel=0.01)


def test_the_surface_is_closed_faces_outwards_and_lies_where_the_surfaces_lie():
    vertices, faces = surface_of(*share_of(ball(), ball(0.3)))
    _, _, welded = weld(vertices, faces)
    assert is_closed(welded)
    found = trimesh.Trimesh(vertices, faces, process=True)
    lens = np.pi * (4 * RADIUS + 0.3) * (2 * RADIUS - 0.3) ** 2 / 12
    assert found.volume == pytest.approx(2 * VOLUME - lens, rel=0.02)
    off = np.abs(np.minimum(*(np.linalg.norm(vertices - [x, 0.01, 0.02], axis=1) for x in (0, 0.3))) - RADIUS)
    away = np.abs(vertices[:, 0] - 0.15) > 3 * CELL  # the smoothing fills the groove between the balls
    assert off[away].max() < 0.3 * CELL


def test_an_evened_surface_keeps_its_place_and_is_smoother():
    vertices, faces = surface_of(*share_of(ball()))
    even = evened(vertices, faces)

    def off(points):
        outwards = points - [0, 0.01, 0.02]
        radius = np.linalg.norm(outwards, axis=1)
        cosine = (vertex_normals(points, faces) * outwards).sum(1) / radius
        return radius - RADIUS, np.degrees(np.arccos(np.clip(cosine, -1, 1)))

    before, after = off(vertices), off(even)
    assert abs(after[0].mean() - before[0].mean()) < 0.03 * CELL
    assert after[0].std() < before[0].std() and after[1].mean() < 0.7 * before[1].mean()


def test_a_thin_rim_goes_where_a_field_is_softened_and_stays_elsewhere():
    share = np.zeros((20, 30, 40), np.float32)
    share[:, :, :20], share[:, 14:16] = 1, 1
    where = np.zeros_like(share)
    where[10:, 5:25] = 1
    before = share.copy()
    soften(share, where, 3.0)
    assert (share[where == 0] == before[where == 0]).all()
    assert share[15, 15, 30] < 0.5 < share[15, 15, 10] and share[5, 15, 30] == 1
    assert np.allclose(share[10:, 10, :12], 1, atol=0.02)


def test_a_part_of_a_grid_has_the_shares_of_the_whole_also_where_a_surface_continues_beyond_it():
    vertices, faces = ball()
    grid, share = share_of((vertices, faces))
    part, at = grid.part(np.array([4, 0, 5]), np.array([20, 18, 25]))
    # Cells at its ends do not know which way a surface faces that continues.
    inner = np.s_[6:-6, :-6, 6:-6]
    assert np.abs(inside_share(part, vertices, faces) - share[at])[inner].max() < 1e-4
    assert part.shape == share[at].shape
    assert all(np.allclose(part.middles(axis), grid.middles(axis)[at[axis]]) for axis in range(3))


def test_a_surface_through_middles_of_cells_has_no_triangle_without_area():
    share = np.zeros((12, 12, 12), np.float32)
    share[3:9, 3:9, 3:9] = 1
    share[3:9, 9, 3:9] = 0.5
    grid = Grid(np.zeros(3), CELL, share.shape)
    vertices, faces = surface_of(grid, share)
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 1e-9 * CELL**2
