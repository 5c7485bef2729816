import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from face3d.errors import GeometryError
from face3d.geometry.meshes import is_closed
from face3d.geometry.solids import close_cells, cut_flat, solid_cells

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)).filter(np.any)


def as_trimesh(solid, floor=-5.0):
    """The solid with +Y up in parallel projection, read by trimesh, which merges equal vertices."""
    columns, rows, relief = solid.positions_n3.T
    points = np.column_stack([columns, np.where(solid.foot_n, floor - rows.max(), -rows), relief])
    return trimesh.Trimesh(points, solid.faces_m3, process=True)


def doubled_areas(points_n2, faces):
    """Twice the signed area of plane triangles, +Y up: positive counter-clockwise."""
    (ax, ay), (bx, by), (cx, cy) = (points_n2[faces[:, k]].T for k in range(3))
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@given(masks)
@settings(max_examples=300)
def test_closing_any_mask_gives_one_watertight_outward_solid(mask_hw):
    cells_hw = solid_cells(mask_hw)
    front_hw = np.random.default_rng(0).random(mask_hw.shape)
    for with_foot in (False, True):
        solid = close_cells(
            cells_hw, front_hw, front_hw - 1.3, least_thickness=0.1, with_foot=with_foot, smooth_rim=True
        )
        assert is_closed(solid.faces_m3)
        read = as_trimesh(solid)
        assert read.is_watertight and read.is_winding_consistent and read.body_count == 1
        assert read.volume > 0


@given(masks)
def test_front_triangles_keep_their_orientation_however_the_rim_is_smoothed(mask_hw):
    cells_hw = solid_cells(mask_hw)
    solid = close_cells(
        cells_hw,
        np.ones(mask_hw.shape),
        np.zeros(mask_hw.shape),
        least_thickness=0.1,
        with_foot=False,
        smooth_rim=True,
    )
    front = solid.faces_m3[: 2 * cells_hw.sum()]
    assert (doubled_areas(solid.positions_n3[:, :2] * (1, -1), front) > 0).all()


@pytest.mark.parametrize(
    ("picture", "holes"),
    [
        ("###", 0),
        ("#.. .#. ..#", 0),  # corners that touch
        ("##. #.# .##", 0),  # a bridge of one pixel around a touching corner
        ("##### #...# #...# #...# #####", 1),
    ],
)
def test_a_hole_that_stays_is_a_handle(picture, holes):
    mask_hw = np.array([[c == "#" for c in row] for row in picture.split()])
    cells_hw = solid_cells(mask_hw)
    solid = close_cells(
        cells_hw,
        np.ones(mask_hw.shape),
        np.zeros(mask_hw.shape),
        least_thickness=0.1,
        with_foot=False,
        smooth_rim=False,
    )
    assert as_trimesh(solid).euler_number == 2 - 2 * holes


def test_the_volume_of_a_block_is_its_cells_times_its_thickness():
    solid = close_cells(
        np.ones((3, 5), bool),
        np.full((3, 5), 2.0),
        np.zeros((3, 5)),
        least_thickness=0.1,
        with_foot=False,
        smooth_rim=False,
    )
    assert as_trimesh(solid).volume == pytest.approx(3 * 5 * 2)


def test_a_foot_reaches_the_floor_flat():
    solid = close_cells(
        np.ones((4, 6), bool),
        np.ones((4, 6)),
        np.zeros((4, 6)),
        least_thickness=0.1,
        with_foot=True,
        smooth_rim=False,
    )
    read = as_trimesh(solid, floor=-1.0)
    assert read.volume == pytest.approx(6 * 5 * 1)
    assert (read.vertices[:, 1] == -5).sum() == 2 * 7


def test_small_holes_are_filled_and_the_largest_island_is_kept():
    mask_hw = np.zeros((40, 30), bool)
    mask_hw[2:20, 3:28] = True
    mask_hw[10, 10] = False
    mask_hw[30:33, 5:8] = True
    cells_hw = solid_cells(mask_hw)
    assert cells_hw[10, 10] and cells_hw.sum() == 18 * 25


def test_an_empty_mask_is_an_error_with_a_mend():
    with pytest.raises(GeometryError, match="keep the background"):
        solid_cells(np.zeros((4, 5), bool))


def test_a_bust_stands_on_a_wide_row():
    mask_hw = np.zeros((6, 8), bool)
    mask_hw[:4] = True
    mask_hw[4:, 2] = True
    assert cut_flat(mask_hw).any(axis=1).tolist() == [True] * 4 + [False] * 2


def test_a_row_in_one_piece_is_taken_where_it_is_near():
    mask_hw = np.ones((20, 9), bool)
    mask_hw[18:, 3:6] = False
    assert cut_flat(mask_hw).any(axis=1).sum() == 18
    mask_hw[10:, 3:6] = False  # too much would go
    assert cut_flat(mask_hw).any(axis=1).sum() == 20
