from dataclasses import replace

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from face3d.geometry.camera import project
from face3d.geometry.kinds import KINDS, settings_of
from face3d.geometry.meshes import count_components
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.geometry.stability import LEAST_TIPPING_DEGREES, tipping_angle
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


def part_of(depth, inside_hw, **changed):
    """The depth map of a person who ends where `inside_hw` does."""
    matte_hw = np.where(inside_hw, depth.matte_hw, 0).astype(np.float32)
    return replace(depth, **{"mask_hw": depth.mask_hw & inside_hw, "matte_hw": matte_hw} | changed)


def cut_outs():
    """Members of one kind: the person ends inside the picture."""
    depth = head((192, 160))
    rows, columns = np.indices(depth.size_hw)
    ragged = 150 + 12 * np.sin(columns / 4)
    yield "white border", part_of(depth, rows < 150)
    yield "round avatar", part_of(depth, (rows - 80) ** 2 + (columns - 80) ** 2 < 80**2)
    yield "ragged edge", part_of(depth, rows < ragged)
    yield "floating head", part_of(depth, rows < 110)
    yield "two shoulders", part_of(depth, (rows < 115) | (abs(columns - 80) > 25))
    yield "cut at one side", part_of(depth, columns < 95)
    yield "one shoulder", part_of(depth, (rows < 115) | (columns < 70))
    yield "no matte", part_of(depth, rows < 150, matte_hw=None, back_hw=None, faces=())
    whole_hw = np.ones(depth.size_hw, bool)
    yield "no mask", DepthMap(depth.values_hw, DepthRepresentation.RELATIVE_INVERSE, whole_hw, "formula")


CUT_OUTS = dict(cut_outs())


@pytest.mark.parametrize("name", CUT_OUTS)
def test_a_person_who_ends_inside_the_picture_stands_on_one_foot(name):
    depth = CUT_OUTS[name]
    relief = make_relief(depth, photo_of((192, 160)), ModelSettings())
    shape = KINDS["bust"].build(relief, 8000)
    solid = trimesh.Trimesh(shape.vertices_n3.astype(float), shape.faces_m3, process=False)
    assert solid.is_watertight and tipping_angle(shape.vertices_n3, shape.faces_m3) >= LEAST_TIPPING_DEGREES
    on_floor = np.isclose(solid.triangles[:, :, 1], solid.bounds[0, 1], atol=1e-6).all(axis=1)
    assert count_components(shape.faces_m3[on_floor]) == 1
    assert solid.area_faces[on_floor].sum() > 0.05 * solid.extents[0] * solid.extents[2]


def test_a_picture_cropped_at_the_cut_gives_the_same_bust():
    """A border below the person changes nothing, but for the camera's principal point: parallel rays."""
    depth = head((192, 160))
    bordered = part_of(depth, np.indices(depth.size_hw)[0] < 150)
    layers = {
        name: np.ascontiguousarray(getattr(bordered, name)[:150])
        for name in ("values_hw", "mask_hw", "back_hw", "matte_hw")
    }
    settings = ModelSettings(perspective=False, smoothing_px=0)
    cropped = replace(bordered, **layers)
    one, other = (
        KINDS["bust"].build(make_relief(given, photo_of(given.size_hw), settings), 1e9).vertices_n3
        for given in (bordered, cropped)
    )
    assert one.shape == other.shape
    assert np.abs(one - one.mean(axis=0) - (other - other.mean(axis=0))).max() < 1e-5


def test_a_foot_below_the_cut_wears_no_photo():
    depth, photo = head((192, 160)), photo_of((192, 160))
    relief = make_relief(part_of(depth, np.indices(depth.size_hw)[0] < 150), photo, ModelSettings())
    mesh = build_mesh(relief, "bust")
    _, rows = project(mesh.vertices_n3[mesh.faces_m3].mean(axis=1), relief.camera)
    wears = (mesh.uv_n2[mesh.faces_m3, 0] < 2 / 3).all(axis=1)
    assert wears.any() and rows[wears].max() < 152 < rows.max()


def test_a_plaque_is_a_rectangle_with_a_border():
    settings = ModelSettings(plaque_border=0.1)
    mesh = build_mesh(make_relief(head(), photo_of((96, 80)), settings_of("plaque", settings)), "plaque")
    width, height, _ = np.ptp(mesh.vertices_n3, axis=0)
    assert width == pytest.approx(1.2, abs=0.01) and height == pytest.approx(1.2 + 0.2, abs=0.01)


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
