from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face3d.errors import GeometryError
from face3d.geometry import relief
from face3d.geometry.camera import Camera, choose_fov, project, unproject
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import photo_of
from generate_3d_model import point_cloud

SIZE = (36, 48)
PLAIN = ModelSettings(smoothing_px=0, edge_tolerance=0, remove_outliers=False)


def random_depth(representation, seed=0, size=SIZE):
    values_hw = np.random.default_rng(seed).uniform(0.1, 0.5, size).astype(np.float32)
    return DepthMap(values_hw, representation, np.ones(size, bool), "noise")


@given(st.floats(5, 120), st.booleans(), st.integers(0, 99))
def test_projecting_back_gives_the_pixel(fov, perspective, seed):
    rng = np.random.default_rng(seed)
    camera = Camera((300, 401), relief.camera_distance(fov), perspective, unit_per_width=rng.uniform(0.1, 3))
    columns, rows = rng.uniform(0, 401, 50), rng.uniform(0, 300, 50)
    points = unproject(columns, rows, rng.uniform(-1, 0.5 * camera.distance, 50), camera)
    back = project(points, camera)
    assert np.abs(back[0] - columns).max() < 1e-3 and np.abs(back[1] - rows).max() < 1e-3


def test_a_pinhole_in_metres_is_the_textbook_one():
    depth = random_depth(DepthRepresentation.METRIC)
    cloud = point_cloud(make_relief(depth, photo_of(SIZE), replace(PLAIN, fov_degrees=60.0)))
    focal_px = SIZE[1] / 2 / np.tan(np.radians(30))
    rows, columns = np.indices(SIZE) + 0.5
    x = (columns - SIZE[1] / 2) / focal_px * depth.values_hw
    y = (SIZE[0] / 2 - rows) / focal_px * depth.values_hw
    assert (
        np.abs(cloud.points_n3[:, 0] - x.ravel()).max() < 1e-6
        and np.abs(cloud.points_n3[:, 1] - y.ravel()).max() < 1e-6
    )
    assert np.allclose(np.ptp(cloud.points_n3[:, 2]), np.ptp(depth.values_hw), atol=1e-6)
    assert cloud.unit == "m"


def test_the_field_of_view_is_the_users_then_the_photos_then_the_default():
    assert (
        choose_fov(50.0, 20.0, 0.1) == 20
        and choose_fov(50.0, None, 0.1) == 50
        and choose_fov(None, None, 0.1) == 30
    )
    assert (
        relief.camera_distance(choose_fov(120.0, None, 0.4)) > 0.6
    )  # a cropped wide-angle photo does not put the face behind the camera
    with pytest.raises(GeometryError, match="Choose 1 to"):
        choose_fov(None, 120.0, 0.4)
