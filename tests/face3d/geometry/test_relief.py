from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from face3d.depth.face.estimator import FaceEstimator
from face3d.depth.face.network import load_face_network
from face3d.errors import GeometryError
from face3d.geometry import relief
from face3d.geometry.occlusions import depth_edges
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.photo import read_photo
from face3d.structures import DepthMap, DepthRepresentation, Face
from face3d.synthetic import head, photo_of
from generate_3d_model import generate_model

ROOT = Path(__file__).resolve().parents[3]
PLAIN = ModelSettings(smoothing_px=0, edge_tolerance=0, remove_outliers=False)

SIZE = (23, 31)


def test_inverse_depth_of_known_distances_gives_them_back():
    distances_hw = np.linspace(1, 3, SIZE[0] * SIZE[1], dtype=np.float64).reshape(SIZE)
    depth = DepthMap(
        (7 / distances_hw - 2).astype(np.float32),
        DepthRepresentation.RELATIVE_INVERSE,
        np.ones(SIZE, bool),
        "formula",
    )
    front_hw, _ = relief.to_relief(depth, depth.mask_hw, 1.5, near_far_ratio=3.0)
    found_hw = 1.5 - front_hw
    assert np.allclose(found_hw / found_hw.min(), distances_hw, rtol=1e-4)


def test_a_flat_map_of_any_sense_gives_a_plane():
    for representation in DepthRepresentation:
        depth = DepthMap(np.full(SIZE, 2, np.float32), representation, np.ones(SIZE, bool), "formula")
        front_hw, _ = relief.to_relief(depth, depth.mask_hw, 1.5, near_far_ratio=3.0)
        assert np.isfinite(front_hw).all() and np.ptp(front_hw) < 1e-6


def before_noise(**others):
    """A person of relief 0.05 to 0.15 before a background that no network was asked for: nearer than the
    camera, or far behind.
    """
    mask_hw = np.zeros(SIZE, bool)
    mask_hw[6:20, 8:25] = True
    values_hw = np.where(np.indices(SIZE).sum(axis=0) % 2, np.float32(9), np.float32(-9))
    values_hw[mask_hw] = np.linspace(0.05, 0.15, mask_hw.sum())
    return DepthMap(
        values_hw,
        DepthRepresentation.RELIEF,
        mask_hw,
        "noise",
        back_hw=np.where(mask_hw, -0.1, values_hw),
        **others,
    )


def test_a_person_with_a_matte_stands_before_a_flat_backdrop():
    depth = before_noise(matte_hw=np.ones(SIZE, np.float32))
    everywhere = relief.valid_pixels(depth, foreground_only=False)
    front_hw, back_hw = relief.to_relief(depth, everywhere, 1.5, 2.0)
    inside = depth.mask_hw
    assert (
        everywhere.all()
        and (front_hw[inside] == depth.values_hw[inside]).all()
        and (back_hw[inside] == np.float32(-0.1)).all()
    )
    assert len(np.unique(front_hw[~inside])) == 1 and (back_hw[~inside] == front_hw[~inside]).all()
    assert 0.05 <= front_hw[~inside][0] <= 0.055  # a little behind the person
    assert relief.nearest_relief(depth, everywhere) == pytest.approx(0.15)
    alone_hw, _ = relief.to_relief(depth, inside, 1.5, 2.0)
    assert (alone_hw == np.where(inside, depth.values_hw, 0)).all()


def test_without_a_matte_nothing_is_taken_for_a_background():
    depth = before_noise()
    everywhere = relief.valid_pixels(depth, foreground_only=False)
    assert (
        relief.to_relief(depth, everywhere, 1.5, 2.0)[0] == depth.values_hw
    ).all() and relief.nearest_relief(depth, everywhere) == 9


def test_metres_keep_their_scale():
    depth = DepthMap(
        np.linspace(0.5, 1.5, SIZE[0] * SIZE[1], dtype=np.float32).reshape(SIZE),
        DepthRepresentation.METRIC,
        np.ones(SIZE, bool),
        "formula",
    )
    front_hw, _ = relief.to_relief(depth, depth.mask_hw, 2.0, near_far_ratio=9.0)
    assert np.ptp(front_hw) * relief.metres_per_width(depth, 2.0) == pytest.approx(1.0, abs=1e-5)


def test_only_pixels_beside_a_jump_are_edges():
    values_hw = np.zeros(SIZE, np.float32)
    values_hw[:, 15:] = -0.5
    edges_hw = depth_edges(values_hw, np.ones(SIZE, bool), 2.0, 0.04)
    assert np.flatnonzero(edges_hw.any(axis=0)).tolist() == [14, 15]
    assert not depth_edges(values_hw, np.ones(SIZE, bool), 2.0, 0).any()
    values_hw[:, 15:] = -0.05  # 2.5 % of the distance
    assert not depth_edges(values_hw, np.ones(SIZE, bool), 2.0, 0.04).any()


def test_what_lies_outside_the_mask_is_no_edge():
    mask_hw = np.zeros(SIZE, bool)
    mask_hw[5:12, 5:12] = True
    assert not depth_edges(np.where(mask_hw, 0, 100).astype(np.float32), mask_hw, 2.0, 0.04).any()


def test_no_usable_pixel_is_an_error_with_a_mend():
    depth = DepthMap(np.zeros(SIZE, np.float32), DepthRepresentation.METRIC, np.ones(SIZE, bool), "formula")
    with pytest.raises(GeometryError, match="no usable pixel"):
        relief.valid_pixels(depth, True)


def random_depth(representation, seed=0, size=SIZE):
    values_hw = np.random.default_rng(seed).uniform(0.1, 0.5, size).astype(np.float32)
    return DepthMap(values_hw, representation, np.ones(size, bool), "noise")


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
    whole = make_relief(depth, photo, ModelSettings(foreground_only=False))
    behind_hw = whole.known_hw & ~person_hw
    assert behind_hw.sum() > 0.9 * (~person_hw).sum()
    assert whole.front_hw[behind_hw].max() < np.median(whole.front_hw[whole.known_hw & person_hw])


@pytest.mark.parametrize("fov", [20.0, 100.0])
def test_parallel_rays_have_no_field_of_view(fov):
    depth = head()
    given, plain = (ModelSettings(perspective=False, fov_degrees=fov), ModelSettings(perspective=False))
    one, other = (make_relief(depth, photo_of((96, 80)), settings) for settings in (given, plain))
    assert one.camera == other.camera
    assert (one.front_hw == other.front_hw).all() and (one.known_hw == other.known_hw).all()


def test_smoothing_says_what_it_costs():
    depth, photo = random_depth(DepthRepresentation.RELIEF), photo_of(SIZE)
    costs = [
        make_relief(depth, photo, replace(PLAIN, smoothing_px=sigma)).smoothing_change
        for sigma in (0.0, 1.0, 4.0)
    ]
    assert costs[0] == 0 < costs[1] < costs[2] < depth.values_hw.std() * 1.01


def test_smoothing_costs_what_it_costs_the_face():
    flat_hw = np.zeros((60, 80), np.float32)
    flat_hw[20:40, 30:50] = np.random.default_rng(0).normal(0, 0.01, (20, 20))
    whole = DepthMap(flat_hw, DepthRepresentation.RELIEF, np.ones((60, 80), bool), "noise")
    faced = replace(whole, faces=(Face((30, 20, 50, 40)),))
    on_face, on_all = (
        make_relief(depth, photo_of((60, 80)), replace(PLAIN, smoothing_px=2.0)).smoothing_change
        for depth in (faced, whole)
    )
    assert on_face > 2.5 * on_all


def test_an_empty_mask_is_an_error():
    depth = DepthMap(np.zeros(SIZE, np.float32), DepthRepresentation.RELIEF, np.zeros(SIZE, bool), "empty")
    for build in (make_relief, lambda *parts: generate_model(*parts[:2], "bust", parts[2])):
        with pytest.raises(GeometryError, match="no usable pixel"):
            build(depth, photo_of(SIZE), ModelSettings())


def test_a_relief_cannot_be_changed():
    made = make_relief(head(), photo_of((96, 80)), ModelSettings())
    for layer_hw in (made.front_hw, made.back_hw, made.subject_hw, made.known_hw, made.sure_hw):
        with pytest.raises(ValueError, match="read-only"):
            layer_hw[0, 0] = 0
