from dataclasses import replace

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from face3d.geometry.kinds import KINDS, settings_of
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh


def welded(mesh):
    """The mesh as another library sees it once equal positions are one vertex."""
    return trimesh.Trimesh(
        *(lambda u, i: (u, i[mesh.faces_m3]))(*np.unique(mesh.vertices_n3, axis=0, return_inverse=True)),
        process=False,
    )


@given(st.integers(0, 10_000))
def test_any_mask_that_is_not_empty_gives_a_watertight_bust(seed):
    rng = np.random.default_rng(seed)
    size = tuple(rng.integers(3, 14, 2))
    mask_hw = rng.random(size) < rng.uniform(0.1, 0.95)
    mask_hw[tuple(rng.integers(0, size))] = True
    depth = DepthMap(
        rng.uniform(-0.3, 0.3, size).astype(np.float32), DepthRepresentation.RELIEF, mask_hw, "noise"
    )
    solid = welded(build_mesh(make_relief(depth, photo_of(size), ModelSettings(edge_tolerance=0)), "bust"))
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0 and solid.body_count == 1


def test_a_bust_without_a_hidden_layer_is_round_behind():
    depth = head()
    mesh = build_mesh(make_relief(replace(depth, back_hw=None), photo_of((96, 80)), ModelSettings()), "bust")
    deep = np.ptp(mesh.vertices_n3[:, 2])
    assert 0.5 < deep < 1.2  # the formula's head is 0.6 deep, its shoulders 0.9 wide
    assert welded(mesh).is_watertight


def test_a_bust_stands_on_a_flat_floor():
    mesh = build_mesh(make_relief(head(), photo_of((96, 80)), ModelSettings()), "bust")
    solid = welded(mesh)
    floor = mesh.vertices_n3[:, 1].min()
    under = np.isclose(solid.triangles[:, :, 1], floor, atol=1e-5).all(axis=1)
    assert solid.area_faces[under].sum() > 0.1
    assert np.allclose(solid.face_normals[under], [0, -1, 0], atol=1e-3)


def test_a_plaque_is_a_rectangle_with_a_border():
    settings = ModelSettings(plaque_border=0.1, plaque_thickness=0.05)
    mesh = build_mesh(make_relief(head(), photo_of((96, 80)), settings_of("plaque", settings)), "plaque")
    width, height, _ = np.ptp(mesh.vertices_n3, axis=0)
    assert width == pytest.approx(1.2, abs=0.01) and height == pytest.approx(1.2 + 0.2, abs=0.01)
    heights = np.unique(mesh.vertices_n3[np.abs(mesh.vertices_n3[:, 0]) > 0.55, 2].round(4))  # of the border
    assert np.ptp(heights) == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("kind", ["bust", "plaque", "shell"])
def test_a_background_that_is_kept_wears_the_photo(kind):
    depth, photo = head((96, 80)), photo_of((96, 80))
    mesh = build_mesh(
        make_relief(depth, photo, settings_of(kind, ModelSettings(foreground_only=False))), kind
    )
    columns = mesh.texture_hwc.shape[1] // 3 * 2 if KINDS[kind].closed else 80
    border = 5 if kind == "plaque" else 0
    front_hwc = mesh.texture_hwc[border : border + 96, border : columns - border][:, :80]
    assert (front_hwc == photo.rgb_hwc).all()


def test_no_spike_grows_behind_a_well_in_the_front():
    """A dark gap between face and hair, seen as a hole: the front is mended, the back stays where its
    surroundings put it.
    """
    depth, photo = head((192, 160)), photo_of((192, 160))
    plain = np.ptp(build_mesh(make_relief(depth, photo, ModelSettings()), "bust").vertices_n3[:, 2])
    front_hw, back_hw = depth.values_hw.copy(), depth.back_hw.copy()
    front_hw[50:100, 95:101] -= 0.4
    back_hw[50:100, 95:101] = front_hw[50:100, 95:101]
    unsure_hw = np.full(depth.size_hw, 0.01, np.float32)
    unsure_hw[45:105, 90:106] = 0.2
    holed = replace(depth, values_hw=front_hw, back_hw=back_hw, uncertainty_hw=unsure_hw)
    mended = build_mesh(make_relief(holed, photo, ModelSettings()), "bust")
    assert np.ptp(mended.vertices_n3[:, 2]) < 1.1 * plain


def test_an_estimated_hidden_side_carries_no_face():
    """Where the thickness is smooth and the front is not, the nose would stand out of the back of the head as
    well.
    """
    depth, photo = head((192, 160)), photo_of((192, 160))
    rows, columns = np.indices(depth.size_hw)
    nose_hw = 0.05 * np.exp(-(((rows - 70) / 6) ** 2 + ((columns - 80) / 6) ** 2)).astype(np.float32)
    both = replace(depth, values_hw=depth.values_hw + nose_hw, back_hw=depth.back_hw + nose_hw)

    def dent(uncertainty_hw):
        """How far the back at the nose lies before the back beside it."""
        solid = welded(
            build_mesh(
                make_relief(
                    replace(both, uncertainty_hw=uncertainty_hw), photo, ModelSettings(perspective=False)
                ),
                "bust",
            )
        )
        x, y = (80 - 80) / 160, (96 - 70) / 160
        points, faces = trimesh.sample.sample_surface(solid, 100_000, seed=0)
        behind = points[solid.face_normals[faces, 2] < 0]
        away = np.hypot(behind[:, 0] - x, behind[:, 1] - y)
        return behind[away < 0.02, 2].mean() - behind[(away > 0.1) & (away < 0.12), 2].mean()

    assert dent(np.full(depth.size_hw, 0.01, np.float32)) < dent(None) - 0.02


def test_what_breaks_off_below_the_shoulders_is_cut():
    depth, photo = head((192, 160)), photo_of((192, 160))
    mask_hw = depth.mask_hw.copy()
    mask_hw[170:, :110] = False
    torn = replace(
        depth, mask_hw=mask_hw, faces=(replace(depth.faces[0], box_xyxy=(40.0, 20.0, 120.0, 110.0)),)
    )
    height = np.ptp(
        build_mesh(make_relief(torn, photo, ModelSettings(perspective=False)), "bust").vertices_n3[:, 1]
    )
    rows = np.flatnonzero(mask_hw.any(axis=1))
    assert height < (171 - rows[0]) / 160 * 1.03
