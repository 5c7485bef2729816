"""The head model that ships."""

import numpy as np
import pytest

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


def test_a_missing_or_foreign_file_is_refused(tmp_path):
    with pytest.raises(HeadError, match="missing"):
        load_head_model(tmp_path / "none.npz")
    (tmp_path / "odd.npz").write_bytes(b"PK not a head")
    with pytest.raises(HeadError, match="damaged"):
        load_head_model(tmp_path / "odd.npz")
    np.savez(tmp_path / "other.npz", format="head model 0")
    with pytest.raises(HeadError, match="version"):
        load_head_model(tmp_path / "other.npz")
