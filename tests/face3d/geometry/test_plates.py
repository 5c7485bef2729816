from dataclasses import replace

import numpy as np
import pytest

from face3d.errors import GeometryError
from face3d.geometry.plates import margin_px
from face3d.geometry.plinth import HEIGHT_SHARE
from face3d.geometry.stability import LEAST_TIPPING_DEGREES
from face3d.structures import DepthRepresentation
from face3d.synthetic import head, photo_of
from generate_3d_model import ModelSettings, generate_model

DEPTH, PHOTO = head(), photo_of((96, 80))
METRES = replace(
    DEPTH, values_hw=0.6 - 0.4 * DEPTH.values_hw, back_hw=None, representation=DepthRepresentation.METRIC
)


@pytest.mark.parametrize(
    ("depth", "size"),
    [(DEPTH, {}), (DEPTH, {"height_mm": 90.0}), (DEPTH, {"longest_mm": 120.0}), (METRES, {})],
    ids=["eyes", "height", "longest side", "metres"],
)
def test_a_plaque_is_as_deep_as_it_says_whatever_gives_its_size(depth, size):
    settings = ModelSettings(plaque_depth_mm=8, plaque_base_mm=2, plaque_frame_mm=5, face_budget=5000, **size)
    model = generate_model(depth, PHOTO, "plaque", settings)
    vertices_n3, (width, _, _) = model.mesh.vertices_n3, model.report.size_mm
    above_n = vertices_n3[:, 2] - vertices_n3[:, 2].min()
    assert above_n.max() == pytest.approx(10, abs=0.01)  # plate and relief
    inside_n = abs(vertices_n3[:, 0]) < 0.44 * width
    assert ((above_n < 0.01) | (above_n > 1.99)).all() and np.isclose(above_n[inside_n], 2, atol=0.01).any()
    assert np.allclose(above_n[(abs(vertices_n3[:, 0]) > 0.47 * width) & (above_n > 0.01)], 7, atol=0.02)
    assert (
        model.report.sound
        and model.report.printable
        and model.report.size_mm[2] == pytest.approx(10, abs=0.01)
    )


def test_a_lithophane_is_thin_where_the_photo_is_bright_closed_and_stands():
    rgb_hwc = np.zeros((96, 80, 3), np.uint8)
    rgb_hwc[:, 40:] = 255
    settings = ModelSettings(height_mm=100, foreground_only=False, face_budget=5000)
    model = generate_model(DEPTH, replace(PHOTO, rgb_hwc=rgb_hwc), "lithophane", settings)
    report, (x, y, z) = model.report, model.mesh.vertices_n3.T
    assert report.sound and report.printable and report.verdict == "closed, printable"
    assert report.size_mm[1] == pytest.approx(100, abs=0.01) and report.genus == 0
    assert report.tipping_angle_degrees > LEAST_TIPPING_DEGREES and "lying" not in report.standing
    back = np.unique(z[y > 50].round(3))[0]
    middle_n = (abs(y - 50) < 20) & (abs(abs(x) - 20) < 10) & (z > back + 0.1)
    assert np.allclose(z[middle_n & (x < 0)] - back, 3.2, atol=0.01)
    assert np.allclose(z[middle_n & (x > 0)] - back, 0.8, atol=0.01)


@pytest.mark.parametrize("shape", ["flat", "cylinder"])
@pytest.mark.parametrize(
    ("depth", "size"),
    [(DEPTH, {}), (DEPTH, {"height_mm": 90.0}), (DEPTH, {"longest_mm": 120.0}), (METRES, {})],
    ids=["eyes", "height", "longest side", "metres"],
)
def test_a_lithophanes_frame_is_as_wide_as_it_says_whatever_gives_its_size(depth, size, shape):
    white = replace(PHOTO, rgb_hwc=np.full_like(PHOTO.rgb_hwc, 255))
    settings = ModelSettings(
        lithophane_frame_mm=7, lithophane_shape=shape, foreground_only=False, face_budget=3000, **size
    )
    model = generate_model(depth, white, "lithophane", settings)
    mm_per_px = model.placement.scale.mm_per_unit * model.relief.camera.unit_per_width / 80
    assert margin_px(model.relief) * mm_per_px == pytest.approx(7, abs=0.51 * mm_per_px)
    assert model.report.sound
    if size.get("height_mm") or (size and shape == "cylinder"):
        assert model.report.size_mm[1] == pytest.approx(size.get("height_mm", 120), rel=1e-3)
    if not size and shape == "flat":
        bare = generate_model(depth, white, "lithophane", replace(settings, lithophane_frame_mm=0))
        block = 1 + HEIGHT_SHARE
        taller = model.report.size_mm[1] - bare.report.size_mm[1]
        assert bare.report.sound and taller == pytest.approx(14 * block, abs=block * mm_per_px)


def test_a_frame_that_leaves_nothing_of_the_picture_is_refused():
    settings = ModelSettings(height_mm=30, lithophane_frame_mm=20)
    with pytest.raises(GeometryError, match=r"A frame of 20 mm leaves too little .* may be \d+ mm wide"):
        generate_model(DEPTH, PHOTO, "lithophane", settings)


def test_a_plate_has_no_more_triangles_than_allowed():
    for kind in ("plaque", "lithophane"):
        mesh = generate_model(DEPTH, PHOTO, kind, ModelSettings(face_budget=1500)).mesh
        assert 1000 < len(mesh.faces_m3) <= 1500


def test_the_points_of_a_plaque_lie_on_its_front():
    model = generate_model(DEPTH, PHOTO, "plaque", ModelSettings(point_budget=500, face_budget=3000))
    cloud = model.points()
    assert len(cloud.points_n3) == 500 and (cloud.normals_n3[:, 2] > 0).all()
    assert (cloud.points_n3[:, 2] > model.mesh.vertices_n3[:, 2].min() + 2.9).all()
