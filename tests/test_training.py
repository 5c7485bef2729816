"""Laws of the rasteriser, the losses, the schedule and the reader of the face model."""

import itertools

import numpy as np
import pytest
import torch

from face_network import FaceMaps
from training import ablation
from training.dataset import GROUPS, HARD, SHARD, RandomViews, record_dtype
from training.face_model import load_face_model
from training.losses import losses
from training.raster import rasterise, vertex_normals
from training.train import WARM_UP, learning_rate


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


def test_the_ablations_differ_from_the_loss_by_the_term_they_name():
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    truth = torch.zeros(1, 4, 16, 16)
    truth[:, 0], truth[:, 2] = 0.002 * columns, 1
    truth[:, 0, :, 8:] += 0.5
    batch = truth, torch.zeros(1, 2, 3)
    terms = losses(_maps(truth[:, 0]), *batch)
    assert {name: set(terms) ^ set(cost(_maps(truth[:, 0]), *batch)) for name, cost in ablation.VARIANTS.items()} == {
        "all terms": set(),
        "without place (absolute relief)": {"place"},
        "without shape (shift-invariant relief)": {"shape"},
        "without slope (multi-scale gradient)": {"slope"},
        "slope of one scale, less at edges": set(),
        "with normals": {"normals"},
        "without uncertainty": {"uncertainty"},
    }
    assert ablation.with_normals(_maps(truth[:, 0] + 0.3), *batch)["normals"] == pytest.approx(0, abs=1e-6)
    turned = ablation.with_normals(_maps(truth[:, 0] + rows / 16), *batch)["normals"]
    assert turned == pytest.approx(ablation.NORMALS_WEIGHT * (1 - 2**-0.5), rel=0.1)  # by about 45 degrees
    flat_edge, flat = truth[:, 0].clone(), truth[:, 0].clone()
    flat_edge[:, :, 8:] -= 0.5  # the jump is missed
    flat[:, :, 4:] -= 0.5  # a jump where there is none
    missed, invented = (ablation.edge_aware(_maps(relief), *batch)["slope"] for relief in (flat_edge, flat))
    assert missed < 1e-6 < invented


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


def test_the_eyes_of_two_people_share_the_two_channels():
    from training.losses import _eye_loss

    def loss_with_blobs_at(places):
        logit = torch.full((1, 2, 32, 32), -8.0)
        for channel, row, column in places:
            logit[0, channel, row, column] = 8.0
        eyes = torch.tensor([[[0.2, 0.2, 1], [0.3, 0.2, 1], [0.7, 0.6, 1], [0.8, 0.6, 1]]])
        return float(_eye_loss(logit, eyes))

    right = loss_with_blobs_at([(0, 6, 6), (1, 6, 9), (0, 19, 22), (1, 19, 25)])
    swapped = loss_with_blobs_at([(1, 6, 6), (0, 6, 9), (1, 19, 22), (0, 19, 25)])
    missing = loss_with_blobs_at([(0, 6, 6), (1, 6, 9)])
    assert right < missing < swapped


def test_scenes_with_something_hard_in_them_are_trained_on_more_often(tmp_path):
    """One record in four holds something hard; of two drawn independently, one does with 7 / 16, so of views (1 / 4 + 7 / 16) / 2 do."""
    records = np.zeros(SHARD, record_dtype(32))
    records["has"][: SHARD // 4] = 1 << GROUPS.index(HARD[0])
    records["rgb"][: SHARD // 4] = 255
    np.save(tmp_path / "0.npy", records)
    views = itertools.islice(RandomViews(tmp_path, 32, seed=1), 1500)
    hard = np.mean([photo.mean() > 0.5 for photo, _, _ in views])
    assert hard == pytest.approx(11 / 32, abs=0.04)
