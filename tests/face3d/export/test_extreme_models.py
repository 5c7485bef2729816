"""Models that no photo gives: refused with a sentence, or written as a file that other readers take."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from face3d.errors import ExportError, GeometryError
from face3d.export.html_viewer import write_viewer
from face3d.export.models import WRITERS, write
from face3d.export.writable import LEAST_MM, MOST_MM
from face3d.structures import Mesh, PointCloud

from .model_readers import READERS, read_back

OF_POINTS = [name for name, writer in WRITERS.items() if writer.holds_points]
CORNERS = np.float32([[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]])
SIDES = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]
UV = np.float32([[0, 0], [1, 0], [0, 1], [1, 1]])
PIXEL = np.full((1, 1, 3), 200, np.uint8)


def mesh(vertices=CORNERS, faces=SIDES, unit="mm", **looks):
    vertices_n3 = np.asarray(vertices, np.float32).reshape(-1, 3)
    return Mesh(vertices_n3, np.asarray(faces, np.int32).reshape(-1, 3), unit=unit, **looks)


def points(rows, unit="mm", normals_n3=None):
    points_n3 = np.asarray(rows, np.float32).reshape(-1, 3)
    return PointCloud(points_n3, np.zeros((len(points_n3), 3), np.uint8), normals_n3, unit)


def written(file_format, model, name="model"):
    return write_viewer(model, name) if file_format == "html" else write(file_format, model, name)


def check_written(file_format, model, name="model"):
    """The file of a model has its triangles, or its points, at finite places."""
    places_n3, count = read_back(file_format, written(file_format, model, name))
    assert np.isfinite(places_n3).all()
    if file_format == "xyz" or isinstance(model, PointCloud):
        assert 0 < count <= len(model.points_n3 if isinstance(model, PointCloud) else model.vertices_n3)
    elif file_format == "3mf":
        assert 0 < count <= len(model.faces_m3)
    else:
        assert count == len(model.faces_m3)


ODD = {
    "one triangle": mesh(CORNERS[:3], [[0, 1, 2]]),
    "triangle without area": mesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]]),
    "one triangle twice, and its back": mesh(CORNERS[:3], [[0, 1, 2], [0, 1, 2], [2, 1, 0]]),
    "corners twice": mesh(np.concatenate([CORNERS, CORNERS]), [*SIDES, [4, 6, 5]]),
    "triangle that is a point among others": mesh(CORNERS, [*SIDES, [1, 1, 1], [2, 2, 3]]),
    "corners that no triangle has": mesh([*CORNERS, [1e6, 0, 0]], SIDES),
    "far from the origin": mesh(CORNERS + 1e8),
    "as large as files hold": mesh(CORNERS * (MOST_MM / 10)),
    "as small as files hold": mesh(CORNERS * (2 * LEAST_MM / 10)),
    "metres": mesh(CORNERS / 1000, unit="m"),
    "coordinates of the texture outside": mesh(
        uv_n2=np.float32([[-5, 2], [1e30, 0], [0.5, -3e38], [0, 0]]), texture_hwc=PIXEL
    ),
    "texture of one pixel": mesh(uv_n2=UV, texture_hwc=PIXEL),
    "texture of one row": mesh(uv_n2=UV, texture_hwc=np.zeros((1, 300, 3), np.uint8)),
    "coordinates without a texture": mesh(uv_n2=UV),
    "texture without coordinates": mesh(texture_hwc=PIXEL),
    "all looks at once": mesh(uv_n2=UV, texture_hwc=PIXEL, colours_n3=np.zeros((4, 3), np.uint8)),
}


@pytest.mark.parametrize("file_format", READERS)
@pytest.mark.parametrize("case", ODD)
def test_an_odd_model_is_a_file_that_another_reader_takes(case, file_format):
    check_written(file_format, ODD[case])


REFUSED = {
    "nothing": (mesh([], []), "no triangles"),
    "corners alone": (mesh(CORNERS, []), "no triangles"),
    "no points": (points([]), "no points"),
    "one place": (mesh(np.full((3, 3), 5), [[0, 1, 2]]), "0 mm large"),
    "too small": (mesh(CORNERS * 1e-39), "mm large, and files hold 0.001 mm or more"),
    "too large": (mesh(CORNERS * 3e37), "mm from the origin, and files hold 1e"),
    "too large in metres": (points(CORNERS * 3e37, "m"), "Give it a height"),
    "no size": (mesh(unit="image width"), "to_metric_scale"),
}


@pytest.mark.parametrize("file_format", OF_POINTS)
def test_points_at_one_place_are_points(file_format):
    check_written(file_format, points([[1, 2, 3], [1, 2, 3]]))


@pytest.mark.parametrize("case", REFUSED)
def test_a_model_that_no_file_can_hold_is_refused_by_every_exporter(case):
    model, sentence = REFUSED[case]
    formats = READERS if isinstance(model, Mesh) else OF_POINTS
    for file_format in formats:
        with pytest.raises(ExportError, match=sentence):
            written(file_format, model)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vertices_n3", np.nan),
        ("vertices_n3", np.inf),
        ("uv_n2", np.nan),
        ("uv_n2", -np.inf),
        ("faces_m3", -1),
        ("faces_m3", -(2**31)),
        ("faces_m3", 4),
    ],
)
def test_a_mesh_refuses_numbers_that_are_none_and_corners_that_are_not_there(field, value):
    parts = {"vertices_n3": CORNERS, "faces_m3": np.int32(SIDES), "uv_n2": UV, "texture_hwc": PIXEL}
    parts[field] = parts[field].copy()
    parts[field][1, 1] = value
    with pytest.raises(GeometryError, match=field):
        Mesh(**parts)


def test_a_mesh_refuses_a_texture_without_pixels_and_points_normals_that_are_no_numbers():
    with pytest.raises(GeometryError, match="texture_hwc has no pixels"):
        mesh(uv_n2=UV, texture_hwc=np.zeros((0, 4, 3), np.uint8))
    with pytest.raises(GeometryError, match="normals_n3"):
        points([[1, 2, 3]], normals_n3=np.full((1, 3), np.nan, np.float32))


@pytest.mark.parametrize("file_format", ["glb", "obj", "3mf", "usdz", "html"])
@pytest.mark.parametrize(
    "name",
    ["", "a" * 5000, "\0", "../../etc/x", "李 😀", "\udcff", "{vertices}%d", "<&\"'>]]>", "-rf", "a\nb"],
)
def test_any_name_can_stand_inside_a_file(name, file_format):
    check_written(file_format, ODD["texture of one pixel"], name)


@pytest.mark.slow
@pytest.mark.parametrize("file_format", READERS)
def test_two_hundred_thousand_triangles(file_format):
    side = 318
    rows, columns = np.mgrid[:side, :side]
    height = 10 * np.sin(columns / 9)
    corner = (rows[:-1, :-1] * side + columns[:-1, :-1]).ravel()
    faces = np.concatenate([corner[:, None] + shift for shift in ([0, side, 1], [1, side, side + 1])])
    large = mesh(np.stack([columns, -rows, height], -1), faces)
    assert len(large.faces_m3) > 200_000
    check_written(file_format, large)


@st.composite
def meshes(draw):
    """Few corners, any of them at one place, at sizes from too small to too large."""
    count = draw(st.integers(0, 6))
    numbers = st.floats(-1, 1, width=32) | st.sampled_from([0.0, -0.0, 1e-38, 1.0])
    vertices = draw(st.lists(st.tuples(numbers, numbers, numbers), min_size=count, max_size=count))
    scale = 10.0 ** draw(st.integers(-40, 38))
    corner = st.integers(0, max(count - 1, 0))
    faces = draw(st.lists(st.tuples(corner, corner, corner), max_size=6)) if count else []
    uv = None
    if draw(st.booleans()):
        wide = st.floats(-(2.0**100), 2.0**100, width=32)
        rows = draw(st.lists(st.tuples(wide, wide), min_size=count, max_size=count))
        uv = np.float32(rows).reshape(-1, 2)
    texture = draw(st.sampled_from([None, PIXEL, np.zeros((3, 2, 3), np.uint8)]))
    unit = draw(st.sampled_from(["mm", "m"]))
    return mesh(np.asarray(vertices, np.float64) * scale, faces, unit, uv_n2=uv, texture_hwc=texture)


@pytest.mark.parametrize("file_format", READERS)
@budget(max_examples=12)
@given(model=meshes())
def test_any_mesh_is_written_whole_or_refused(file_format, model):
    try:
        check_written(file_format, model)
    except ExportError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
