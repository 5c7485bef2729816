"""Laws of the figures: what goes into a trace comes out of it, framed, grey or in the photo's colours, and
small.
"""

import base64
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from face3d.export import plotly_figure
from face3d.export.plotly_figure import Colour
from face3d.structures import Mesh, PointCloud


def bowl(height=30, width=40):
    """A grid of points with a hole, unlike in every axis."""
    y_hw, x_hw = np.meshgrid(
        np.linspace(0.4, -0.4, height, dtype=np.float32),
        np.linspace(-0.5, 0.5, width, dtype=np.float32),
        indexing="ij",
    )
    z_hw = (0.3 - x_hw**2 - 0.5 * y_hw**2).astype(np.float32)
    z_hw[:3] = np.nan
    z_hw[10, 12] = np.nan
    return x_hw, y_hw, z_hw


def cloud(count=500):
    rng = np.random.default_rng(1)
    return PointCloud(
        rng.normal(size=(count, 3)).astype(np.float32), rng.integers(0, 256, (count, 3), np.uint8)
    )


def quad(**paint):
    corners_n3 = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0.5], [0, 1, 0.5]], np.float32)
    return Mesh(corners_n3, np.array([[0, 1, 2], [0, 2, 3]], np.int32), **paint)


def test_a_surface_keeps_its_points_and_drops_empty_borders():
    x_hw, y_hw, z_hw = bowl()
    (trace,) = plotly_figure.surface_traces(x_hw, y_hw, z_hw)
    assert np.array_equal(trace["z"], z_hw[3:], equal_nan=True) and np.array_equal(trace["x"], x_hw[3:])
    assert trace["z"].dtype == np.float32


def test_an_empty_surface_is_one_point_and_a_unit_cube():
    nothing_hw = np.full((5, 7), np.nan, np.float32)
    (trace,) = plotly_figure.surface_traces(nothing_hw, nothing_hw, nothing_hw)
    assert trace["z"].shape == (1, 1)
    assert np.array_equal(plotly_figure.extent(nothing_hw, nothing_hw, nothing_hw), [[-0.5] * 3, [0.5] * 3])


def test_points_keep_their_places():
    points = cloud()
    (trace,) = plotly_figure.point_traces(points, Colour.DEPTH)
    assert np.array_equal(np.stack([trace["x"], trace["y"], trace["z"]], axis=1), points.points_n3)
    assert np.array_equal(trace["marker"]["color"], points.points_n3[:, 2])


def test_points_with_normals_are_lighter_towards_the_light_in_a_byte_each():
    normals_n3 = np.array([[-0.4, 0.5, 0.77], [0, 0, 1], [1, -0.2, 0]], np.float32)
    points = PointCloud(np.eye(3, dtype=np.float32), np.zeros((3, 3), np.uint8), normals_n3)
    (trace,) = plotly_figure.point_traces(points, Colour.DEPTH)
    to_light, ahead, away = trace["marker"]["color"].tolist()
    assert trace["marker"]["color"].dtype == np.uint8 and to_light > ahead > away > 0


def test_points_are_as_large_in_pixels_as_they_are_seen():
    """On a plane one unit wide, eye 1.5 scenes away: 620 px see 2 * 1.5 * tan(22.5 degrees) scenes."""
    flat_23 = np.array([[0, 0, 0], [1, 1, 0]], np.float32)
    touching = plotly_figure.point_px(0.01, flat_23)
    assert touching == pytest.approx(plotly_figure.COVER * 0.01 * 620 / (3 * np.tan(np.pi / 8)), rel=1e-3)
    assert plotly_figure.point_px(0.01, 3 * flat_23, 1.5) == pytest.approx(touching / 2)


def test_nearer_is_lighter():
    (low, dark), (high, light) = plotly_figure.DEPTH_SCALE
    assert low < high and int(dark[4:].split(",")[0]) < int(light[4:].split(",")[0])


def test_few_colours_of_the_photo_survive_exactly():
    wanted_n3 = np.array([[250, 10, 10], [10, 250, 10], [10, 10, 250], [250, 10, 10]], np.uint8)
    (trace,) = plotly_figure.point_traces(PointCloud(np.eye(4, 3, dtype=np.float32), wanted_n3), Colour.PHOTO)
    shown = [
        [int(part) for part in trace["marker"]["colorscale"][index][1][4:-1].split(",")]
        for index in trace["marker"]["color"]
    ]
    assert np.abs(np.array(shown) - wanted_n3).max() <= 2


def test_a_cloud_without_points_gives_an_empty_figure():
    empty = PointCloud(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8))
    for colour in Colour:
        (trace,) = plotly_figure.point_traces(empty, colour)
        assert len(trace["x"]) == 0


def test_a_mesh_keeps_its_triangles_in_two_bytes():
    (trace,) = plotly_figure.mesh_traces(quad(), Colour.DEPTH)
    assert np.array_equal(np.stack([trace["i"], trace["j"], trace["k"]], axis=1), quad().faces_m3)
    assert trace["i"].dtype == np.uint16


def test_texture_colours_land_on_their_corners():
    # Texture rows run down, v runs up: lower left is the last row's first pixel.
    texture_hwc = np.array([[[1, 1, 1], [2, 2, 2]], [[3, 3, 3], [4, 4, 4]]], np.uint8)
    uv_n2 = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    (trace,) = plotly_figure.mesh_traces(quad(uv_n2=uv_n2, texture_hwc=texture_hwc), Colour.PHOTO)
    assert list(trace["vertexcolor"]) == ["#030303", "#040404", "#020202", "#010101"]


def test_a_mesh_without_colours_is_grey_even_when_photo_colours_are_asked_for():
    (trace,) = plotly_figure.mesh_traces(quad(), Colour.PHOTO)
    assert "vertexcolor" not in trace and np.array_equal(trace["intensity"], quad().vertices_n3[:, 2])


def test_the_scene_is_a_cube_seen_from_the_front_that_orbits_about_up():
    x_hw, y_hw, z_hw = bowl()
    scene = plotly_figure.make_figure(
        plotly_figure.surface_traces(x_hw, y_hw, z_hw), plotly_figure.extent(x_hw, y_hw, z_hw)
    )["layout"]["scene"]
    sides = [np.ptp(scene[f"{axis}axis"]["range"]) for axis in "xyz"]
    assert sides == pytest.approx([1.0] * 3)
    assert (scene["aspectmode"], scene["dragmode"]) == ("cube", "orbit")
    up, eye = scene["camera"]["up"], scene["camera"]["eye"]
    assert (up["y"], eye["x"], eye["y"]) == (1, 0, 0) and eye["z"] > 1


def test_the_default_view_stays_under_two_megabytes():
    axis = np.linspace(-0.5, 0.5, 256, dtype=np.float32)
    y_hw, x_hw = np.meshgrid(axis, axis, indexing="ij")
    axes = x_hw.copy(), y_hw.copy(), (x_hw * y_hw).astype(np.float32)
    text = plotly_figure.as_json(
        plotly_figure.make_figure(plotly_figure.surface_traces(*axes), plotly_figure.extent(*axes))
    )
    assert len(text) < 2_000_000


@pytest.mark.parametrize("colour", Colour)
def test_plotly_accepts_every_figure_and_reads_its_numbers_back(colour):
    """Plotly's own Python classes check every attribute; its typed arrays carry type, bytes and shape."""
    surface, points, texture = bowl(), cloud(), {"colours_n3": np.zeros((4, 3), np.uint8)}
    for traces in (
        plotly_figure.surface_traces(*surface),
        plotly_figure.point_traces(points, colour),
        plotly_figure.mesh_traces(quad(**texture), colour),
    ):
        figure = json.loads(
            plotly_figure.as_json(plotly_figure.make_figure(traces, plotly_figure.extent(*surface)))
        )
        assert isinstance(go.Figure(figure), go.Figure)
        for axis in "xyz":
            packed = figure["data"][0][axis]
            numbers = np.frombuffer(base64.b64decode(packed["bdata"]), f"<{packed['dtype']}")
            shape = [int(side) for side in packed.get("shape", str(len(numbers))).split(",")]
            assert np.array_equal(numbers.reshape(shape), traces[0][axis], equal_nan=True)


def test_the_still_is_brightest_where_the_surface_faces_the_light():
    x_hw, y_hw, z_hw = bowl()
    still_hw = plotly_figure.shaded_still(x_hw, y_hw, z_hw)
    assert still_hw.shape == z_hw.shape and still_hw[0, 0] == 0
    assert still_hw[15, 10] > still_hw[26, 35] > 0
