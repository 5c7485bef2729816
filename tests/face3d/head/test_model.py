"""The head model that ships."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from face3d.errors import HeadError
from face3d.head.model import FILE, SURFACES, load_head_model


@pytest.fixture(scope="module")
def model():
    return load_head_model()


def test_the_file_is_small_and_its_licence_lies_beside_it():
    assert FILE.stat().st_size <= 6_000_000
    assert "USC Institute for Creative Technologies" in FILE.with_suffix(".LICENSE").read_text()


def test_the_neutral_head_is_as_wide_as_the_unit_and_its_own_mirror_image(model):
    head = model.neutral_v3[: model.skin_vertices]
    above_chin = head[:, 1] > -0.4
    assert np.ptp(head[above_chin, 0]) == pytest.approx(1, abs=1e-3)
    mirrored = model.nearest_places(head[::50] * [-1, 1, 1])[2]
    assert mirrored.max() < 1e-3


def test_places_of_the_surface_are_found_where_they_are(model):
    rng = np.random.default_rng(0)
    corners = model.skin_triangles_m3[rng.integers(0, len(model.skin_triangles_m3), 400)]
    weights = rng.dirichlet([1, 1, 1], 400)
    points = (weights[..., None] * model.neutral_v3[corners]).sum(1)
    found, shares, away = model.nearest_places(points)
    again = (shares[..., None] * model.neutral_v3[found]).sum(1)
    assert np.median(away) < 1e-6 and np.percentile(away, 99) < 0.005
    assert np.allclose(np.linalg.norm(again - points, axis=1), away, atol=1e-6)


def test_expressions_have_arkits_names_and_mirror_images(model):
    names = model.expression_names
    assert len(names) == len(set(names)) == 53
    assert {"jawOpen", "mouthSmile_L", "eyeBlink_R", "browDown_L"} <= set(names)
    other = model.mirrored_expression
    assert (other[other] == np.arange(53)).all()
    assert names[other[names.index("jawLeft")]] == "jawRight"
    assert names[other[names.index("mouthSmile_L")]] == "mouthSmile_R"


def test_arkits_own_spelling_says_left_for_the_persons_left(model):
    names = model.arkit_names
    assert len(set(names)) == 53 and not any("_" in name for name in names)
    assert {"jawOpen", "mouthSmileLeft", "eyeBlinkRight", "mouthLeft", "cheekPuffRight"} <= set(names)
    moved = np.linalg.norm(model.expression_ev3[names.index("eyeBlinkLeft")], axis=1) > 0.01
    assert (model.neutral_v3[moved, 0] > 0).all()


def test_every_surface_has_triangles_with_texture_coordinates(model):
    assert set(model.material_m) == set(range(len(SURFACES)))
    assert model.uv_triangles_m3.shape == model.triangles_m3.shape
    assert model.uv_triangles_m3.max() == len(model.uv_n2) - 1
    assert model.triangles_m3.max() == len(model.neutral_v3) - 1
    assert model.uv_n2.min() >= 0 and model.uv_n2.max() <= 1


def test_the_laplacian_is_that_of_the_joined_surface(model):
    laplacian = model.moving_laplacian
    assert laplacian.shape == (model.moving_vertices, model.moving_vertices)
    assert (laplacian != laplacian.T).nnz == 0
    assert np.abs(laplacian.sum(1)).max() < 1e-9
    assert (laplacian.diagonal() > 0).all(), "each vertex has neighbours"
    assert set(np.unique(laplacian.data[laplacian.data < 0])) == {-1}
    assert connected_components(laplacian, directed=False)[0] == 1


def test_mirror_images_of_vertices_are_mirror_images_of_each_other(model):
    other, places = model.mirrored_vertices, model.neutral_v3[: model.moving_vertices]
    assert np.percentile(np.linalg.norm(places[other] - places * [-1, 1, 1], axis=1), 99) < 1e-3
    again = places[other[other]]
    assert np.mean(np.linalg.norm(again - places, axis=1) < 1e-3) > 0.99


def test_openings_are_closed_loops_of_edges(model):
    eye = (model.material_m == 4) | (model.material_m == 5)
    balls = model.neutral_v3[np.unique(model.triangles_m3[eye])]
    left = balls[balls[:, 0] > 0].mean(0)
    loops = [model.opening_around(place) for place in (left, left * [-1, 1, 1], np.array([0, -1.2, 0]))]
    faces = model.skin_triangles_m3
    edges = {frozenset(edge) for k in range(3) for edge in np.roll(faces, k, 1)[:, :2].tolist()}
    for loop in loops:
        assert len(set(loop.tolist())) == len(loop) > 10
        pairs = np.stack([loop, np.roll(loop, -1)], -1).tolist()
        assert all(frozenset(pair) in edges for pair in pairs)
    for loop, side in zip(loops[:2], (1, -1), strict=True):
        around = model.neutral_v3[loop] - left * [side, 1, 1]
        turns = np.unwrap(np.arctan2(around[:, 1], around[:, 0]))
        assert abs(abs(turns[-1] - turns[0]) - 2 * np.pi) < 1, "once around the eye"
    assert model.neutral_v3[loops[2], 1].max() < -0.5, "the lower end"


def test_what_follows_the_skin_is_none_of_it_and_each_eye_has_its_lids(model):
    (mouth, lips), *eyes = model.followers
    assert min(part.min() for part, _ in model.followers) >= model.skin_vertices
    assert len(mouth) > 100 and len(lips) > 50
    sides = set()
    for part, lids in eyes:
        middle = model.neutral_v3[part].mean(0)
        assert len(lids) > 30 and (np.sign(model.neutral_v3[lids, 0]) == np.sign(middle[0])).all()
        sides.add(middle[0] > 0)
    assert sides == {True, False}


def test_a_missing_or_foreign_file_is_refused(tmp_path):
    with pytest.raises(HeadError, match="missing"):
        load_head_model(tmp_path / "none.npz")
    (tmp_path / "odd.npz").write_bytes(b"PK not a head")
    with pytest.raises(HeadError, match="damaged"):
        load_head_model(tmp_path / "odd.npz")
    np.savez(tmp_path / "other.npz", format="head model 0")
    with pytest.raises(HeadError, match="version"):
        load_head_model(tmp_path / "other.npz")
