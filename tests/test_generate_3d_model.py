from dataclasses import replace

import numpy as np
import pytest
import trimesh
from face_model_file import FACE_MODEL, needs_face_model
from scipy.spatial import cKDTree

import convert
from benchmarks.accuracy import SyntheticHead, sphere_error
from face3d.errors import GeometryError, HeadError
from face3d.geometry import relief
from face3d.geometry.camera import project
from face3d.geometry.intersections import self_touching
from face3d.geometry.kinds import KINDS, settings_of
from face3d.geometry.meshes import weld
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head, photo_of, sphere
from generate_3d_model import build_mesh, even_points, generate_model, point_cloud

SIZE = (36, 48)
PLAIN = ModelSettings(smoothing_px=0, edge_tolerance=0, remove_outliers=False)
CLOSED = [name for name, kind in KINDS.items() if kind.closed and name != "poisson"]


def welded(mesh):
    """The mesh as another library sees it once equal positions are one vertex."""
    return trimesh.Trimesh(
        *(lambda u, i: (u, i[mesh.faces_m3]))(*np.unique(mesh.vertices_n3, axis=0, return_inverse=True)),
        process=False,
    )


def random_depth(representation, seed=0, size=SIZE):
    values_hw = np.random.default_rng(seed).uniform(0.1, 0.5, size).astype(np.float32)
    return DepthMap(values_hw, representation, np.ones(size, bool), "noise")


@pytest.mark.parametrize("representation", list(DepthRepresentation))
@pytest.mark.parametrize("perspective", [True, False])
def test_every_point_falls_on_the_centre_of_its_pixel(representation, perspective):
    depth, photo = random_depth(representation), photo_of(SIZE)
    settings = replace(PLAIN, perspective=perspective)
    cloud = point_cloud(make_relief(depth, photo, settings))
    columns, rows = project(cloud.points_n3, make_relief(depth, photo, settings).camera)
    want_rows, want_columns = np.indices(SIZE).reshape(2, -1) + 0.5
    assert np.abs(columns - want_columns).max() < 1e-3 and np.abs(rows - want_rows).max() < 1e-3
    assert (cloud.colours_n3 == photo.rgb_hwc.reshape(-1, 3)).all()


@pytest.mark.parametrize("representation", list(DepthRepresentation))
def test_a_flat_map_gives_a_plane_and_no_nan(representation):
    depth = DepthMap(np.full(SIZE, 0.25, np.float32), representation, np.ones(SIZE, bool), "flat")
    mesh = build_mesh(make_relief(depth, photo_of(SIZE), ModelSettings()), "shell")
    assert np.ptp(mesh.vertices_n3[:, 2]) < 1e-6
    assert len(mesh.faces_m3) == 2 * (SIZE[0] - 1) * (SIZE[1] - 1)
    assert (trimesh.Trimesh(mesh.vertices_n3, mesh.faces_m3, process=False).face_normals[:, 2] > 0.999).all()


@pytest.mark.parametrize("kind", CLOSED)
@pytest.mark.parametrize("budget", [300, 2000, 60_000])
def test_the_closed_kinds_are_one_watertight_outward_solid_within_budget(kind, budget):
    mesh = build_mesh(
        make_relief(head(), photo_of((96, 80)), settings_of(kind, ModelSettings(face_budget=budget))), kind
    )
    solid = welded(mesh)
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0 and solid.body_count == 1
    assert len(mesh.faces_m3) <= budget
    assert mesh.uv_n2.min() >= 0 and mesh.uv_n2.max() <= 1


@pytest.mark.parametrize("kind", CLOSED)
@pytest.mark.parametrize("budget", [400, 5000])
def test_an_even_grid_within_the_budget_has_no_triangle_through_another(kind, budget):
    mesh = build_mesh(
        make_relief(head(), photo_of((96, 80)), settings_of(kind, ModelSettings(face_budget=budget))),
        kind,
        decimated=False,
    )
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    assert (
        0.1 * budget < len(faces_m3) <= budget
        and self_touching(mesh.vertices_n3[kept].astype(float), faces_m3) == 0
    )
    assert welded(mesh).is_watertight


def falls(error):
    """Distances and angles at 128, 256 and 512 pixels: both fall, and the distance is under 0.5 % of the
    height at 256.
    """
    (far, turned), (nearer, less), (nearest, least) = (error(side) for side in (128, 256, 512))
    assert far > nearer > nearest and turned > less > least
    assert nearer < 0.005
    return less


def test_a_sphere_comes_through_the_whole_path_nearer_with_more_pixels():
    assert falls(sphere_error) < 2


@needs_face_model
def test_a_synthetic_head_comes_through_the_whole_path_nearer_with_more_pixels():
    assert falls(SyntheticHead(FACE_MODEL).error) < 8


def test_a_point_budget_keeps_edges():
    """A roof: of a tenth of the points, the ridge keeps over twice its share, and the flanks are not left
    bare.
    """
    _, columns = np.indices((120, 160))
    roof_hw = (-0.004 * np.abs(columns - 79.5)).astype(np.float32)
    depth = DepthMap(roof_hw, DepthRepresentation.RELIEF, np.ones((120, 160), bool), "roof")
    cloud = point_cloud(
        make_relief(depth, photo_of((120, 160)), replace(PLAIN, perspective=False, point_budget=1920))
    )
    kept_px = cloud.points_n3[:, 0] * 160 + 80
    ridge = np.abs(kept_px - 80) < 3
    assert ridge.mean() > 2 * 6 / 160
    counts, _ = np.histogram(kept_px, bins=16, range=(0, 160))
    assert counts.min() > 0.4 * 1920 / 16
    assert len({round(float(y), 2) for y in cloud.points_n3[ridge, 1]}) > 30  # all along the ridge


def test_the_point_budget_holds_and_outliers_go():
    depth, photo = head(), photo_of((96, 80))
    assert (
        900
        <= len(
            point_cloud(
                make_relief(depth, photo, ModelSettings(point_budget=1000, remove_outliers=False))
            ).points_n3
        )
        <= 1000
    )
    spiked_hw = depth.values_hw.copy()
    spiked_hw[30, 40] += 0.5
    spiked = replace(depth, values_hw=spiked_hw)
    kept = point_cloud(make_relief(spiked, photo, replace(PLAIN, remove_outliers=True))).points_n3
    assert point_cloud(make_relief(spiked, photo, PLAIN)).points_n3[:, 2].max() > 0.7 > kept[:, 2].max()
    assert len(kept) > 0.9 * depth.mask_hw.sum()


def test_points_for_looking_at_are_even_on_a_sphere_however_steep_it_is():
    distance = relief.camera_distance(30.0)
    settings = replace(PLAIN, fov_degrees=30.0, point_budget=2000, perspective=False)
    cloud, apart = even_points(make_relief(sphere((160, 120), distance), photo_of((160, 120)), settings))
    assert 1600 < len(cloud.points_n3) <= 2000
    gaps, _ = cKDTree(cloud.points_n3).query(cloud.points_n3, 2)
    assert apart < gaps[:, 1].min() and gaps[:, 1].max() < 2 * apart
    assert np.allclose(np.linalg.norm(cloud.normals_n3, axis=1), 1, atol=1e-5)


def test_normals_of_a_sphere_point_outwards():
    distance = relief.camera_distance(30.0)
    cloud = point_cloud(
        make_relief(sphere((160, 120), distance), photo_of((160, 120)), replace(PLAIN, fov_degrees=30.0))
    )
    toward = (
        cloud.points_n3 / np.linalg.norm(cloud.points_n3, axis=1, keepdims=True) * cloud.normals_n3
    ).sum(axis=1)
    assert np.allclose(np.linalg.norm(cloud.normals_n3, axis=1), 1, atol=1e-5)
    assert np.median(toward) > 0.999


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: ModelSettings(smoothing_px=-1), "smoothing in pixels must be 0 to 100, not -1"),
        (lambda: ModelSettings(near_far_ratio=1), "farthest distance to the nearest"),
        (
            lambda: build_mesh(make_relief(head(), photo_of((96, 80)), ModelSettings()), "statue"),
            "shell, bust, head, two-sided, plaque, lithophane, poisson",
        ),
        (
            lambda: build_mesh(make_relief(head(), photo_of((96, 81)), ModelSettings()), "bust"),
            "from this photo",
        ),
        (
            lambda: build_mesh(
                make_relief(
                    random_depth(DepthRepresentation.RELIEF),
                    photo_of(SIZE),
                    ModelSettings(edge_tolerance=1e-6),
                ),
                "shell",
            ),
            "Raise the edge tolerance",
        ),
        (
            lambda: generate_model(head(), photo_of((96, 80)), "head", ModelSettings(foreground_only=False)),
            "Leave the background out",
        ),
    ],
)
def test_what_cannot_be_built_says_what_to_do(build, says):
    with pytest.raises((GeometryError, HeadError), match=says):
        build()


@pytest.mark.parametrize("kind", ["bust", "plaque"])
def test_the_relief_is_made_once_whatever_is_asked_of_a_model(kind, monkeypatch, tmp_path):
    made = []

    def counted(*parts):
        made.append(parts)
        return to_relief(*parts)

    to_relief = relief.to_relief
    monkeypatch.setattr(relief, "to_relief", counted)
    formats = ["glb", "stl", "html"]
    convert.convert(
        photo_of((96, 80)), head(), kind, formats, ModelSettings(face_budget=2000), tmp_path / "x"
    )
    assert len(made) == 1


def test_a_plate_has_no_more_points_than_the_photo_has_pixels():
    """As any other kind: 50,000,000 points, which may be asked for, would take many gigabytes."""
    settings = ModelSettings(face_budget=2000, point_budget=50_000_000)
    for kind in ("plaque", "shell"):
        model = generate_model(head(), photo_of((96, 80)), kind, settings)
        assert 1000 < len(model.points().points_n3) <= 96 * 80


def test_a_plaque_of_a_relief_with_perspective_is_refused():
    with pytest.raises(GeometryError, match="parallel rays"):
        build_mesh(make_relief(head(), photo_of((96, 80)), ModelSettings()), "plaque")
