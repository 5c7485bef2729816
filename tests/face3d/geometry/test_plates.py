from dataclasses import replace

import numpy as np
import pytest

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


def test_a_plate_has_no_more_triangles_than_allowed():
    for kind in ("plaque", "lithophane"):
        mesh = generate_model(DEPTH, PHOTO, kind, ModelSettings(face_budget=1500)).mesh
        assert 1000 < len(mesh.faces_m3) <= 1500


def test_the_points_of_a_plaque_lie_on_its_front():
    model = generate_model(DEPTH, PHOTO, "plaque", ModelSettings(point_budget=500, face_budget=3000))
    cloud = model.points()
    assert len(cloud.points_n3) == 500 and (cloud.normals_n3[:, 2] > 0).all()
    assert (cloud.points_n3[:, 2] > model.mesh.vertices_n3[:, 2].min() + 2.9).all()
