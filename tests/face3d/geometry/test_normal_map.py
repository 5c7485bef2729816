"""Normals of analytic surfaces, and what the rim of the mask does to them."""

import numpy as np
import pytest

from face3d.geometry.normal_map import relief_normals
from face3d.structures import DepthMap, DepthRepresentation


def relief_map(values_hw, mask_hw):
    values_hw = np.where(mask_hw, values_hw, 50).astype(np.float32)  # what is outside must not count
    return DepthMap(values_hw, DepthRepresentation.RELIEF, mask_hw, "face")


def test_normals_of_a_ball_point_away_from_its_centre():
    """In a picture that is not square; the radius is given in image widths, as relief is."""
    rows, columns = np.mgrid[:200, :300]
    x, y, radius = (columns + 0.5 - 150) / 300, (100 - rows - 0.5) / 300, 0.3
    mask_hw = np.hypot(x, y) < 0.8 * radius
    z = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))
    normals = relief_normals(relief_map(z, mask_hw))
    expected = np.dstack([x, y, z]) / radius
    assert normals.dtype == np.float32 and np.abs(np.linalg.norm(normals, axis=2) - 1).max() < 1e-5
    off = np.degrees(np.arccos(np.clip((normals * expected).sum(axis=2), -1, 1)))[mask_hw]
    assert off.mean() < 0.3 and off.max() < 2  # at the rim a slope has one neighbour
    assert (normals[~mask_hw] == [0, 0, 1]).all()


def test_a_slanted_plane_has_one_normal_up_to_its_rim():
    rows, columns = np.mgrid[:40, :60]
    mask_hw = np.hypot(rows - 20, columns - 30) < 15
    normals = relief_normals(relief_map(0.5 * columns / 60 - 2 * rows / 60, mask_hw))  # higher to the top
    assert np.abs(normals[mask_hw] - np.array([-0.5, -2, 1]) / np.sqrt(5.25)).max() < 1e-5


@pytest.mark.parametrize("representation", list(DepthRepresentation))
def test_nearer_to_the_right_faces_left_whatever_the_representation(representation):
    nearness = np.tile(np.linspace(1, 2, 30), (20, 1))
    values = 3 - nearness if representation is DepthRepresentation.METRIC else nearness
    depth = DepthMap(values.astype(np.float32), representation, np.ones((20, 30), bool), "any")
    normals = relief_normals(depth)
    assert (normals[..., 0] < -0.1).all() and np.abs(normals[..., 1]).max() < 1e-3


def test_an_empty_mask_faces_the_viewer():
    assert (relief_normals(relief_map(np.zeros((3, 4)), np.zeros((3, 4), bool))) == [0, 0, 1]).all()
