from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from face_model_file import FACE_MODEL, needs_face_model
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy import SyntheticHead, sphere_error
from face3d.depth.face.estimator import FaceEstimator
from face3d.depth.face.network import load_face_network
from face3d.errors import GeometryError
from face3d.geometry import filters, relief
from face3d.geometry.camera import Camera, choose_fov, project, unproject
from face3d.geometry.grid import grid, surface_mesh
from face3d.geometry.inspection import self_touching
from face3d.geometry.kinds import KINDS, model_camera
from face3d.geometry.meshes import weld
from face3d.geometry.points import outliers
from face3d.geometry.relief import prepared_relief, smoothing_change
from face3d.geometry.settings import ModelSettings
from face3d.photo import read_photo
from face3d.structures import DepthMap, DepthRepresentation, Face
from face3d.synthetic import head, photo_of, sphere
from generate_3d_model import build_mesh, point_cloud

ROOT = Path(__file__).resolve().parent.parent
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


@given(st.floats(5, 120), st.booleans(), st.integers(0, 99))
def test_projecting_back_gives_the_pixel(fov, perspective, seed):
    rng = np.random.default_rng(seed)
    camera = Camera((300, 401), relief.camera_distance(fov), perspective, unit_per_width=rng.uniform(0.1, 3))
    columns, rows = rng.uniform(0, 401, 50), rng.uniform(0, 300, 50)
    points = unproject(columns, rows, rng.uniform(-1, 0.5 * camera.distance, 50), camera)
    back = project(points, camera)
    assert np.abs(back[0] - columns).max() < 1e-3 and np.abs(back[1] - rows).max() < 1e-3


@pytest.mark.parametrize("representation", list(DepthRepresentation))
@pytest.mark.parametrize("perspective", [True, False])
def test_every_point_falls_on_the_centre_of_its_pixel(representation, perspective):
    depth, photo = random_depth(representation), photo_of(SIZE)
    settings = replace(PLAIN, perspective=perspective)
    cloud = point_cloud(depth, photo, settings)
    columns, rows = project(cloud.points_n3, model_camera(depth, photo, "shell", settings))
    want_rows, want_columns = np.indices(SIZE).reshape(2, -1) + 0.5
    assert np.abs(columns - want_columns).max() < 1e-3 and np.abs(rows - want_rows).max() < 1e-3
    assert (cloud.colours_n3 == photo.rgb_hwc.reshape(-1, 3)).all()


def test_a_pinhole_in_metres_is_the_textbook_one():
    depth = random_depth(DepthRepresentation.METRIC)
    cloud = point_cloud(depth, photo_of(SIZE), replace(PLAIN, fov_degrees=60.0))
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


@pytest.mark.parametrize("representation", list(DepthRepresentation))
def test_a_flat_map_gives_a_plane_and_no_nan(representation):
    depth = DepthMap(np.full(SIZE, 0.25, np.float32), representation, np.ones(SIZE, bool), "flat")
    mesh = build_mesh(depth, photo_of(SIZE), "shell", ModelSettings())
    assert np.ptp(mesh.vertices_n3[:, 2]) < 1e-6
    assert len(mesh.faces_m3) == 2 * (SIZE[0] - 1) * (SIZE[1] - 1)
    assert (trimesh.Trimesh(mesh.vertices_n3, mesh.faces_m3, process=False).face_normals[:, 2] > 0.999).all()


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


@pytest.mark.parametrize("kind", CLOSED)
@pytest.mark.parametrize("budget", [300, 2000, 60_000])
def test_the_closed_kinds_are_one_watertight_outward_solid_within_budget(kind, budget):
    mesh = build_mesh(head(), photo_of((96, 80)), kind, ModelSettings(face_budget=budget))
    solid = welded(mesh)
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0 and solid.body_count == 1
    assert len(mesh.faces_m3) <= budget
    assert mesh.uv_n2.min() >= 0 and mesh.uv_n2.max() <= 1


@given(st.integers(0, 10_000))
def test_any_mask_that_is_not_empty_gives_a_watertight_bust(seed):
    rng = np.random.default_rng(seed)
    size = tuple(rng.integers(3, 14, 2))
    mask_hw = rng.random(size) < rng.uniform(0.1, 0.95)
    mask_hw[tuple(rng.integers(0, size))] = True
    depth = DepthMap(
        rng.uniform(-0.3, 0.3, size).astype(np.float32), DepthRepresentation.RELIEF, mask_hw, "noise"
    )
    solid = welded(build_mesh(depth, photo_of(size), "bust", ModelSettings(edge_tolerance=0)))
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0 and solid.body_count == 1


def test_a_bust_without_a_hidden_layer_is_round_behind():
    depth = head()
    mesh = build_mesh(replace(depth, back_hw=None), photo_of((96, 80)), "bust", ModelSettings())
    deep = np.ptp(mesh.vertices_n3[:, 2])
    assert 0.5 < deep < 1.2  # the formula's head is 0.6 deep, its shoulders 0.9 wide
    assert welded(mesh).is_watertight


def test_a_bust_stands_on_a_flat_floor():
    mesh = build_mesh(head(), photo_of((96, 80)), "bust", ModelSettings())
    solid = welded(mesh)
    floor = mesh.vertices_n3[:, 1].min()
    under = np.isclose(solid.triangles[:, :, 1], floor, atol=1e-5).all(axis=1)
    assert solid.area_faces[under].sum() > 0.1
    assert np.allclose(solid.face_normals[under], [0, -1, 0], atol=1e-3)


def test_a_relief_is_a_rectangle_with_a_border():
    settings = ModelSettings(plaque_border=0.1, plaque_thickness=0.05)
    mesh = build_mesh(head(), photo_of((96, 80)), "relief", settings)
    width, height, _ = np.ptp(mesh.vertices_n3, axis=0)
    assert width == pytest.approx(1.2, abs=0.01) and height == pytest.approx(1.2 + 0.2, abs=0.01)
    heights = np.unique(mesh.vertices_n3[np.abs(mesh.vertices_n3[:, 0]) > 0.55, 2].round(4))  # of the border
    assert np.ptp(heights) == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("kind", CLOSED)
@pytest.mark.parametrize("budget", [400, 5000])
def test_an_even_grid_within_the_budget_has_no_triangle_through_another(kind, budget):
    mesh = build_mesh(head(), photo_of((96, 80)), kind, ModelSettings(face_budget=budget), decimated=False)
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    assert (
        0.1 * budget < len(faces_m3) <= budget
        and self_touching(mesh.vertices_n3[kept].astype(float), faces_m3) == 0
    )
    assert welded(mesh).is_watertight


@pytest.mark.parametrize("kind", ["bust", "relief", "shell"])
def test_a_background_that_is_kept_wears_the_photo(kind):
    depth, photo = head((96, 80)), photo_of((96, 80))
    mesh = build_mesh(depth, photo, kind, ModelSettings(foreground_only=False))
    columns = mesh.texture_hwc.shape[1] // 3 * 2 if KINDS[kind].closed else 80
    border = 5 if kind == "relief" else 0
    front_hwc = mesh.texture_hwc[border : border + 96, border : columns - border][:, :80]
    assert (front_hwc == photo.rgb_hwc).all()


def test_nothing_behind_a_real_person_comes_nearer_than_the_person():
    """The bundled network says anything beyond its matte; on this sample the backdrop of the studio would
    stand before the nose.
    """
    sample = ROOT / "assets" / "samples" / "portrait_1.jpg"
    photo = read_photo(sample.read_bytes(), sample.name)
    depth = FaceEstimator(load_face_network(ROOT / "assets" / "face_depth.safetensors")).predict(photo)
    person_hw = depth.mask_hw
    assert depth.values_hw[~person_hw].max() > np.median(
        depth.values_hw[person_hw]
    )  # else this test shows nothing
    front_hw, known_hw, _ = prepared_relief(depth, photo, ModelSettings(foreground_only=False))
    behind_hw = known_hw & ~person_hw
    assert behind_hw.sum() > 0.9 * (~person_hw).sum()
    assert front_hw[behind_hw].max() < np.median(front_hw[known_hw & person_hw])


@pytest.mark.parametrize("fov", [20.0, 100.0])
def test_parallel_rays_have_no_field_of_view(fov):
    depth = head()
    given, plain = (ModelSettings(perspective=False, fov_degrees=fov), ModelSettings(perspective=False))
    for one, other in zip(
        prepared_relief(depth, photo_of((96, 80)), given),
        prepared_relief(depth, photo_of((96, 80)), plain),
        strict=True,
    ):
        assert one == other if isinstance(one, Camera) else (one == other).all()


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
    cloud = point_cloud(depth, photo_of((120, 160)), replace(PLAIN, perspective=False, point_budget=1920))
    kept_px = cloud.points_n3[:, 0] * 160 + 80
    ridge = np.abs(kept_px - 80) < 3
    assert ridge.mean() > 2 * 6 / 160
    counts, _ = np.histogram(kept_px, bins=16, range=(0, 160))
    assert counts.min() > 0.4 * 1920 / 16
    assert len({round(float(y), 2) for y in cloud.points_n3[ridge, 1]}) > 30  # all along the ridge


def test_no_spike_grows_behind_a_well_in_the_front():
    """A dark gap between face and hair, seen as a hole: the front is mended, the back stays where its
    surroundings put it.
    """
    depth, photo = head((192, 160)), photo_of((192, 160))
    plain = np.ptp(build_mesh(depth, photo, "bust", ModelSettings()).vertices_n3[:, 2])
    front_hw, back_hw = depth.values_hw.copy(), depth.back_hw.copy()
    front_hw[50:100, 95:101] -= 0.4
    back_hw[50:100, 95:101] = front_hw[50:100, 95:101]
    unsure_hw = np.full(depth.size_hw, 0.01, np.float32)
    unsure_hw[45:105, 90:106] = 0.2
    holed = replace(depth, values_hw=front_hw, back_hw=back_hw, uncertainty_hw=unsure_hw)
    mended = build_mesh(holed, photo, "bust", ModelSettings())
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
                replace(both, uncertainty_hw=uncertainty_hw), photo, "bust", ModelSettings(perspective=False)
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
    height = np.ptp(build_mesh(torn, photo, "bust", ModelSettings(perspective=False)).vertices_n3[:, 1])
    rows = np.flatnonzero(mask_hw.any(axis=1))
    assert height < (171 - rows[0]) / 160 * 1.03


def test_the_point_budget_holds_and_outliers_go():
    depth, photo = head(), photo_of((96, 80))
    assert (
        900
        <= len(point_cloud(depth, photo, ModelSettings(point_budget=1000, remove_outliers=False)).points_n3)
        <= 1000
    )
    spiked_hw = depth.values_hw.copy()
    spiked_hw[30, 40] += 0.5
    spiked = replace(depth, values_hw=spiked_hw)
    kept = point_cloud(spiked, photo, replace(PLAIN, remove_outliers=True)).points_n3
    assert point_cloud(spiked, photo, PLAIN).points_n3[:, 2].max() > 0.7 > kept[:, 2].max()
    assert len(kept) > 0.9 * depth.mask_hw.sum()


def test_outliers_follow_the_definition():
    points = np.random.default_rng(3).normal(size=(60, 3)).astype(np.float32)
    distances = np.sort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1)[:, 1:17].mean(axis=1)
    assert (outliers(points, 1.0) == (distances > distances.mean() + distances.std())).all()
    assert not outliers(points[:5], 1.0).any()


def test_normals_of_a_sphere_point_outwards():
    distance = relief.camera_distance(30.0)
    cloud = point_cloud(sphere((160, 120), distance), photo_of((160, 120)), replace(PLAIN, fov_degrees=30.0))
    toward = (
        cloud.points_n3 / np.linalg.norm(cloud.points_n3, axis=1, keepdims=True) * cloud.normals_n3
    ).sum(axis=1)
    assert np.allclose(np.linalg.norm(cloud.normals_n3, axis=1), 1, atol=1e-5)
    assert np.median(toward) > 0.999


def test_the_grid_is_the_surface_with_holes_and_a_rim():
    depth, photo = head(), photo_of((96, 80))
    shown = grid(depth, photo, ModelSettings(grid_side=48))
    assert shown.x_hw.shape == (48, 40) == shown.mask_hw.shape
    assert (
        (np.isfinite(shown.z_hw) == shown.mask_hw).all() and shown.mask_hw.any() and not shown.mask_hw.all()
    )
    front_hw, known_hw, _ = prepared_relief(depth, photo, ModelSettings())
    inner_hw = filters.resample(front_hw, known_hw, (48, 40))[1]
    assert shown.mask_hw[inner_hw].all() and not inner_hw[shown.mask_hw].all()
    points_n3 = np.stack([shown.x_hw, shown.y_hw, shown.z_hw], -1)[inner_hw]
    columns, rows = project(points_n3, model_camera(depth, photo, "shell", ModelSettings()))
    assert np.allclose(columns % 2, 1, atol=1e-2) and np.allclose(rows % 2, 1, atol=1e-2)


def test_smoothing_says_what_it_costs():
    depth, photo = random_depth(DepthRepresentation.RELIEF), photo_of(SIZE)
    costs = [smoothing_change(depth, photo, replace(PLAIN, smoothing_px=sigma)) for sigma in (0.0, 1.0, 4.0)]
    assert costs[0] == 0 < costs[1] < costs[2] < depth.values_hw.std() * 1.01


def test_smoothing_costs_what_it_costs_the_face():
    flat_hw = np.zeros((60, 80), np.float32)
    flat_hw[20:40, 30:50] = np.random.default_rng(0).normal(0, 0.01, (20, 20))
    whole = DepthMap(flat_hw, DepthRepresentation.RELIEF, np.ones((60, 80), bool), "noise")
    faced = replace(whole, faces=(Face((30, 20, 50, 40)),))
    on_face, on_all = (
        smoothing_change(depth, photo_of((60, 80)), replace(PLAIN, smoothing_px=2.0))
        for depth in (faced, whole)
    )
    assert on_face > 2.5 * on_all


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: ModelSettings(smoothing_px=-1), "smoothing_px is -1"),
        (lambda: ModelSettings(near_far_ratio=1), "near_far_ratio"),
        (
            lambda: build_mesh(head(), photo_of((96, 80)), "statue", ModelSettings()),
            "shell, bust, relief, poisson",
        ),
        (lambda: build_mesh(head(), photo_of((96, 81)), "bust", ModelSettings()), "from this photo"),
        (
            lambda: build_mesh(
                random_depth(DepthRepresentation.RELIEF),
                photo_of(SIZE),
                "shell",
                ModelSettings(edge_tolerance=1e-6),
            ),
            "Raise the edge tolerance",
        ),
    ],
)
def test_what_cannot_be_built_says_what_to_do(build, says):
    with pytest.raises(GeometryError, match=says):
        build()


def test_an_empty_mask_is_an_error():
    depth = DepthMap(np.zeros(SIZE, np.float32), DepthRepresentation.RELIEF, np.zeros(SIZE, bool), "empty")
    for build in (point_cloud, grid, lambda *args: build_mesh(*args[:2], "bust", args[2])):
        with pytest.raises(GeometryError, match="no usable pixel"):
            build(depth, photo_of(SIZE), ModelSettings())


def test_poisson_without_open3d_names_what_to_install(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(GeometryError, match="requirements-extra"):
        build_mesh(head(), photo_of((96, 80)), "poisson", ModelSettings())


def test_poisson_is_closed_where_open3d_is_installed():
    pytest.importorskip("open3d", reason="Open3D is an optional extra")
    assert welded(
        build_mesh(head(), photo_of((96, 80)), "poisson", ModelSettings(face_budget=5000))
    ).is_watertight


def border_length(mesh):
    """Length, seen from the front, of the edges that belong to one triangle only."""
    edges = np.sort(mesh.faces_m3[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    single, counts = np.unique(edges, axis=0, return_counts=True)
    ends = mesh.vertices_n3[single[counts == 1], :2]
    return np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum()


def test_the_surface_for_looking_at_ends_in_a_circle_where_the_shell_ends_in_steps():
    depth, photo = sphere((160, 120), relief.camera_distance(30.0)), photo_of((160, 120))
    settings = ModelSettings(fov_degrees=30.0, perspective=False, edge_tolerance=0, face_budget=20_000)
    seen, kept = surface_mesh(depth, photo, settings), build_mesh(depth, photo, "shell", settings)
    circle = np.pi * np.ptp(seen.vertices_n3[:, 0])
    assert border_length(seen) == pytest.approx(circle, rel=0.03)
    assert border_length(kept) > 1.05 * circle
    assert len(seen.faces_m3) <= settings.face_budget and seen.texture_hwc is not None


def test_a_surface_without_a_triangle_is_one_sentence():
    """Of single pixels, each far before or behind the next."""
    size = 34, 46
    mask_hw = np.zeros(size, bool)
    mask_hw[::3, ::3] = True
    dots = DepthMap(
        (np.indices(size).sum(axis=0) % 2 * 0.9).astype(np.float32),
        DepthRepresentation.RELIEF,
        mask_hw,
        "dots",
    )
    for make in (surface_mesh, lambda *parts: build_mesh(*parts[:2], "shell", parts[2])):
        with pytest.raises(GeometryError, match="four neighbouring pixels"):
            make(dots, photo_of(size), replace(PLAIN, edge_tolerance=0.04))
