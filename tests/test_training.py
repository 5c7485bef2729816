"""Laws of the rasteriser, the losses, the schedule, and (where the face model lies beside the repository) of the rendered samples."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from face_network import FaceMaps
from training.face_model import load_face_model
from training.losses import losses
from training.raster import rasterise, vertex_normals
from training.train import WARM_UP, learning_rate

ROOT = Path(__file__).resolve().parent.parent
FACE_MODEL = Path(os.environ.get("FACE_MODEL", ROOT.parent / "shared" / "face-model" / "ict-facekit.npz"))
needs_face_model = pytest.mark.skipif(not FACE_MODEL.exists(), reason="no ICT face model here: set FACE_MODEL to ict-facekit.npz")


def test_the_rasteriser_finds_the_near_and_the_far_of_two_planes():
    square = np.array([[0, 0], [8, 0], [8, 6], [0, 6]], np.float32)
    screen = np.concatenate([np.c_[square, np.full(4, 10)], np.c_[square, np.full(4, 15)]]).astype(np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)
    index, weight, near = rasterise(screen, triangles, 6, 8, False)
    far = rasterise(screen, triangles, 6, 8, True)[2]
    assert (index >= 0).all()
    assert np.allclose(near, 10, rtol=1e-5)
    assert np.allclose(far, 15, rtol=1e-5)
    assert np.allclose(weight.sum(-1), 1, atol=1e-5)


def test_interpolation_is_correct_in_perspective():
    """A plane receding to the right: half-way on the screen is not half-way in space, but at the harmonic mean of the distances."""
    screen = np.array([[0, 0, 10], [101, 0, 30], [101, 9, 30], [0, 9, 10]], np.float32)
    distance = rasterise(screen, np.array([[0, 1, 2], [0, 2, 3]], np.int32), 9, 101, False)[2]
    assert distance[4, 50] == pytest.approx(2 / (1 / 10 + 1 / 30), rel=1e-4)


def test_normals_of_a_sphere_point_outwards():
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=3)
    vertices = ball.vertices.astype(np.float32)
    assert ((vertex_normals(vertices, ball.faces.astype(np.int32)) * vertices).sum(1) > 0.99).all()


def _maps(relief):
    shape = relief.shape
    zero = torch.zeros(shape)
    return FaceMaps(relief, zero, zero, zero, zero, torch.zeros(shape[0], 2, *shape[1:]))


def test_a_shift_of_relief_costs_place_but_not_shape_or_slope():
    truth = torch.zeros(1, 4, 16, 24)
    truth[:, 0] = torch.rand(16, 24, generator=torch.Generator().manual_seed(0))
    truth[:, 2] = 1
    terms = losses(_maps(truth[:, 0] + 0.5), truth, torch.zeros(1, 2, 3))
    assert terms["shape"] == pytest.approx(0, abs=1e-6)
    assert terms["slope"] == pytest.approx(0, abs=1e-5)
    assert terms["place"] == pytest.approx(0.5, abs=1e-5)


def test_what_lies_outside_the_matte_costs_no_relief():
    truth = torch.zeros(1, 4, 16, 16)
    wild = torch.full((1, 16, 16), 9.0)
    terms = losses(_maps(wild), truth, torch.zeros(1, 2, 3))
    assert float(terms["shape"] + terms["place"] + terms["slope"]) == 0


def test_the_rate_rises_stays_and_falls_to_zero():
    rates = [learning_rate(seen, 100_000, 20_000) for seen in (0, WARM_UP, 50_000, 80_000, 90_000, 100_000)]
    assert rates[0] < rates[1] == rates[2] == rates[3]
    assert rates[4] == pytest.approx(rates[3] / 2)
    assert rates[5] == 0


def test_a_folder_of_obj_files_reads_like_the_packed_model(tmp_path):
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nusemtl M_Face\nf 1/1 2/2 3/3 4/4\nusemtl M_EyeLashes\nf 1 2 3\n"
    (tmp_path / "generic_neutral_mesh.obj").write_text(text)
    (tmp_path / "identity000.obj").write_text(text.replace("v 1 1 0", "v 1 3 0"))
    (tmp_path / "jawOpen.obj").write_text(text.replace("v 0 0 0", "v 0 -1 0"))
    model = load_face_model(tmp_path)
    assert model.triangles_m3.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert model.expression_names == ("jawOpen",)
    moved = model.shape(np.array([0.5]), np.array([1.0]))
    assert moved.tolist() == [[0, -1, 0], [1, 0, 0], [1, 2, 0], [0, 1, 0]]


@needs_face_model
def test_samples_repeat_by_seed_and_vary_between_seeds():
    from training.face_model import find_regions
    from training.render import render

    model = load_face_model(FACE_MODEL)
    regions = find_regions(model)
    one, again, other = (render(model, regions, seed, 64) for seed in (5, 5, 6))
    assert np.array_equal(one.rgb_hwc, again.rgb_hwc)
    assert np.array_equal(one.relief_hw, again.relief_hw)
    assert not np.array_equal(one.rgb_hwc, other.rgb_hwc)


@needs_face_model
def test_everything_promised_appears_about_as_often_as_promised():
    from training.face_model import find_regions
    from training.scene import CHANCE, random_person

    model = load_face_model(FACE_MODEL)
    regions = find_regions(model)
    people = 150
    seen = [random_person(model, regions, np.random.default_rng(seed)).has for seed in range(people)]
    for name in ("hair", "long hair", "beard", "glasses", "hat", "scarf", "expression", "fringe", "closed eyes"):
        count = sum(name in has for has in seen)
        # A scarf hides hair, hat and fringe, so a thing may be rarer than its chance, never much more frequent.
        spread = 4 * math.sqrt(people * CHANCE[name])
        assert 0 < count < people * CHANCE[name] + spread, name
        assert count > people * CHANCE[name] * 0.75 - spread, name
