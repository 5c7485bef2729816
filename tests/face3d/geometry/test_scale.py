from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from face3d.errors import GeometryError
from face3d.geometry.kinds import settings_of
from face3d.geometry.relief import make_relief
from face3d.geometry.scale import Scale, to_metric_scale
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation, Face, PointCloud
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh, generate_model, point_cloud

DEPTH, PHOTO = head(), photo_of((96, 80))


def test_the_eyes_end_up_63_mm_apart():
    settings = ModelSettings(perspective=False, smoothing_px=0)
    flat = replace(
        DEPTH, values_hw=np.zeros((96, 80), np.float32), back_hw=None, mask_hw=np.ones((96, 80), bool)
    )
    mesh, placement = to_metric_scale(
        build_mesh(make_relief(flat, PHOTO, settings), "shell"), make_relief(flat, PHOTO, settings)
    )
    # The formula's eyes are 0.16 image widths apart; pixel centres span 79 of 80 pixels.
    assert np.ptp(mesh.vertices_n3[:, 0]) == pytest.approx(63 / 0.16 * 79 / 80, rel=1e-5)
    assert placement.scale.sd_percent == pytest.approx(100 * 3.7 / 63)
    assert placement.scale.source == "from the eyes, taken to be 63 mm apart as in the mean adult, sd 3.7 mm"


@pytest.mark.parametrize(("sd_percent", "words"), [(0.0, "183"), (5.9, "183 ± 11"), (None, "183 ± ?")])
def test_a_length_is_said_with_what_is_known_of_its_error(sd_percent, words):
    assert Scale(1.0, sd_percent, "").describe(183.2) == words


@pytest.mark.parametrize("fov", [20.0, 53.0])
def test_the_eyes_of_a_plaque_are_63_mm_apart_whatever_the_lens(fov):
    model = generate_model(
        DEPTH, PHOTO, "plaque", ModelSettings(fov_degrees=fov, smoothing_px=0, face_budget=5000)
    )
    mesh, placement = model.mesh, model.placement
    # Parallel rays: the eyes of the formula, equally high, are 0.16 of the picture apart. The plaque has a
    # border of 0.06 on each side.
    assert placement.scale.mm_per_unit == pytest.approx(63 / 0.16, rel=0.005)
    assert np.ptp(mesh.vertices_n3[:, 0]) == pytest.approx(
        63 / 0.16 * (1 + 2 * 5 / 80), rel=0.02
    )  # the border in whole cells


@pytest.mark.parametrize("kind", ["shell", "bust", "plaque"])
@pytest.mark.parametrize("height_mm", [None, 120.0])
def test_points_placed_like_a_model_lie_on_it(kind, height_mm):
    settings = ModelSettings(height_mm=height_mm, smoothing_px=0)
    model = generate_model(DEPTH, PHOTO, kind, settings)
    cloud = model.points()
    near, _ = cKDTree(model.mesh.vertices_n3).query(cloud.points_n3)
    pixel_mm = model.placement.scale.mm_per_unit / 80
    assert cloud.unit == "mm" and np.median(near) < pixel_mm


@pytest.mark.parametrize("kind", ["bust", "shell"])
def test_no_point_lies_below_the_floor_of_what_stands(kind):
    """As of a bust that is cut higher than the photo ends: here by half."""
    model = generate_model(DEPTH, PHOTO, kind, ModelSettings(height_mm=100.0, face_budget=2000))
    vertices = model.mesh.vertices_n3.copy()
    vertices[:, 1] = np.maximum(vertices[:, 1], 50)
    cut = replace(model, mesh=replace(model.mesh, vertices_n3=vertices))
    assert len(cut.points().points_n3) > 500
    assert (cut.points().points_n3[:, 1].min() >= 50) == (kind == "bust")
    assert len(cut.points().normals_n3) == len(cut.points().points_n3)


def turned_to_45_degrees(unsure_hw):
    columns = np.indices((96, 80))[1]
    slope_hw = ((columns + 0.5) / 80).astype(np.float32)
    return replace(
        DEPTH, values_hw=slope_hw, back_hw=None, mask_hw=np.ones((96, 80), bool), uncertainty_hw=unsure_hw
    )


def scale_of(depth, settings):
    return to_metric_scale(
        point_cloud(make_relief(depth, PHOTO, settings)), make_relief(depth, PHOTO, settings)
    )[1].scale


def test_a_face_turned_aside_is_measured_in_space_and_not_in_the_picture():
    scale = scale_of(
        turned_to_45_degrees(None), ModelSettings(perspective=False, smoothing_px=0, edge_tolerance=0)
    )
    assert scale.mm_per_unit == pytest.approx(63 / (0.16 * np.sqrt(2)), rel=0.02)
    assert scale.sd_percent == pytest.approx(100 * 3.7 / 63)


def test_the_size_of_a_face_turned_aside_is_as_uncertain_as_the_depth_of_its_eyes():
    left, right = 0.01, 0.03
    unsure_hw = np.where(np.indices((96, 80))[1] < 40, left, right).astype(np.float32)
    scale = scale_of(
        turned_to_45_degrees(unsure_hw), ModelSettings(perspective=False, smoothing_px=0, edge_tolerance=0)
    )
    # At 45 degrees the distance d = sqrt(dx² + dz²) changes by dz / d = 1 / sqrt(2) of each eye's error.
    share = np.hypot(left, right) / np.sqrt(2) / (0.16 * np.sqrt(2))
    assert scale.sd_percent == pytest.approx(100 * np.hypot(3.7 / 63, share), rel=0.02)


@pytest.mark.parametrize("perspective", [True, False])
def test_the_size_of_a_face_seen_from_the_front_hardly_depends_on_its_depth(perspective):
    unsure = replace(DEPTH, uncertainty_hw=np.full((96, 80), 0.015, np.float32))
    assert scale_of(unsure, ModelSettings(perspective=perspective)).sd_percent == pytest.approx(5.9, abs=0.05)


@pytest.mark.parametrize(
    ("faces", "settings", "mm", "source", "sd_percent"),
    [
        (DEPTH.faces, ModelSettings(height_mm=120.0), 120, "asked for", 0),
        ((), ModelSettings(), 250, "no face was found", None),
        ((Face((0, 0, 9, 9), ((-400.0, -400.0), (900.0, 900.0))),), ModelSettings(), 250, "assumed", None),
    ],
)
def test_where_the_height_comes_from(faces, settings, mm, source, sd_percent):
    depth = replace(DEPTH, faces=faces)
    mesh, placement = to_metric_scale(
        build_mesh(make_relief(depth, PHOTO, settings), "bust"), make_relief(depth, PHOTO, settings)
    )
    assert np.ptp(mesh.vertices_n3[:, 1]) == pytest.approx(mm, rel=1e-5) and source in placement.scale.source
    assert placement.scale.sd_percent == sd_percent


def test_metres_need_no_eyes():
    depth = DepthMap(
        np.full((96, 80), 0.8, np.float32), DepthRepresentation.METRIC, np.ones((96, 80), bool), "metres"
    )
    settings = ModelSettings(fov_degrees=40.0)
    mesh, placement = to_metric_scale(
        build_mesh(make_relief(depth, PHOTO, settings), "shell"), make_relief(depth, PHOTO, settings)
    )
    assert np.ptp(mesh.vertices_n3[:, 0]) == pytest.approx(
        2 * 800 * np.tan(np.radians(20)) * 79 / 80, rel=1e-5
    )
    assert "metres" in placement.scale.source and placement.scale.sd_percent is None


@pytest.mark.parametrize("kind", ["shell", "bust", "plaque"])
def test_the_origin_is_the_centre_of_the_base_and_the_way_back_is_known(kind):
    settings = ModelSettings(face_budget=2000)
    before = build_mesh(make_relief(DEPTH, PHOTO, settings_of(kind, settings)), kind)
    mesh, placement = to_metric_scale(before, make_relief(DEPTH, PHOTO, settings))
    low, high = mesh.vertices_n3.min(axis=0), mesh.vertices_n3.max(axis=0)
    assert (
        low[1] == pytest.approx(0, abs=1e-3)
        and low[0] == pytest.approx(-high[0], abs=1e-2)
        and low[2] == pytest.approx(-high[2], abs=1e-2)
    )
    assert mesh.unit == "mm" and np.allclose(
        placement.to_camera(mesh.vertices_n3), before.vertices_n3, atol=1e-5
    )
    assert make_relief(DEPTH, PHOTO, settings_of(kind, settings)).camera.perspective == (kind != "plaque")


def test_nothing_and_a_line_have_no_size():
    nothing = PointCloud(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8))
    line = PointCloud(np.zeros((2, 3), np.float32), np.zeros((2, 3), np.uint8))
    for cloud in (nothing, line):
        with pytest.raises(GeometryError, match=r"no (points|height)"):
            to_metric_scale(cloud, make_relief(DEPTH, PHOTO, ModelSettings()))


def test_the_longest_side_can_be_asked_for():
    settings = ModelSettings(longest_mm=210, face_budget=2000)
    relief = make_relief(DEPTH, PHOTO, settings)
    wide = PointCloud(np.array([[0, 0, 0], [3, 2, 1]], np.float32), np.zeros((2, 3), np.uint8))
    placed, placement = to_metric_scale(wide, relief)
    assert np.ptp(placed.points_n3, axis=0) == pytest.approx([210, 140, 70], rel=1e-6)
    assert placement.scale.sd_percent == 0 and "longest side of 210 mm" in placement.scale.source
