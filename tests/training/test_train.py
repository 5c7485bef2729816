"""Laws of the rasteriser, the losses, the optimiser, the loop, the views it sees and the reader of the face
model.
"""

import itertools
import math
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from forked_training import tiny_network
from torch import distributed

import training.train
from face3d.depth.face.network import FaceMaps
from training import augmentation
from training.augmentation import HARD, RandomViews, random_view, resized
from training.dataset import GROUPS, SHARD, record_dtype
from training.evaluation import ablation
from training.losses import losses
from training.muon import UPDATE_RMS, muon_and_adamw, orthogonal
from training.rendering.rasteriser import rasterise, vertex_normals
from training.scenes.face_model import load_face_model
from training.train import WARM_UP, Run, learning_rate, train


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
    """A plane receding to the right: half-way on the screen is not half-way in space, but at the harmonic
    mean of the distances.
    """
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
    return FaceMaps(relief, zero, zero, zero, zero, torch.zeros(shape[0], 2, *shape[1:]), zero)


def test_a_shift_of_relief_changes_the_absolute_term_only():
    truth = torch.zeros(1, 5, 16, 24)
    truth[:, 0] = torch.rand(16, 24, generator=torch.Generator().manual_seed(0))
    truth[:, 2] = 1
    terms = losses(_maps(truth[:, 0] + 0.5), truth, torch.zeros(1, 2, 3))
    assert terms["shift-invariant"] == pytest.approx(0, abs=1e-6)
    assert terms["slope"] == pytest.approx(0, abs=1e-5)
    assert terms["absolute"] == pytest.approx(0.5, abs=1e-5)


def test_the_term_on_normals_is_the_angle_between_planes():
    """Planes whose normals are 0.02 radians apart, in all directions, however steep, over one pixel and over
    two; outside is anything.
    """
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(24.0), indexing="ij")
    inside = torch.zeros(16, 24)
    inside[3:12, 5:21] = 1

    def plane(tilt, direction):
        return np.tan(tilt) * (np.cos(direction) * columns + np.sin(direction) * rows) / 24

    for tilt in (0.1, 1.4):
        for other in (plane(tilt + 0.02, 0.3), plane(tilt, 0.3 + 0.02 / np.sin(tilt))):
            truth = torch.zeros(1, 5, 16, 24)
            truth[0, 0], truth[0, 2] = plane(tilt, 0.3), inside
            guess = torch.where(inside > 0, other, 5 * torch.sin(9 * rows + columns))
            assert losses(_maps(guess[None]), truth, torch.zeros(1, 2, 3))["normals"] == pytest.approx(
                2 * 0.02, rel=0.06
            )


@pytest.mark.parametrize(
    ("term", "stated"),
    [("uncertainty", "log_uncertainty"), ("thickness uncertainty", "log_thickness_uncertainty")],
)
def test_a_stated_error_costs_least_when_it_is_true_and_excuses_nothing(term, stated):
    """Relief is off by 0.02 upwards and downwards, thickness by 0.05; the error itself gets no gradient from
    being stated.
    """
    truth = torch.zeros(1, 5, 8, 8)
    truth[:, 1], truth[:, 2] = 0.3, 1
    relief = torch.where(torch.arange(8) % 2 > 0, 0.02, -0.02).expand(1, 8, 8).clone().requires_grad_()
    thickness = torch.full((1, 8, 8), 0.35, requires_grad=True)
    true = {"uncertainty": 0.02, "thickness uncertainty": 0.05}[term]

    def cost(error):
        guess = _maps(relief)._replace(
            thickness=thickness, **{stated: torch.full((1, 8, 8), math.log(error), requires_grad=True)}
        )
        return losses(guess, truth, torch.zeros(1, 2, 3))[term]

    assert cost(true) < min(cost(0.8 * true), cost(1.25 * true))
    cost(true).backward()
    assert relief.grad is None
    assert thickness.grad is None


def test_canonical_coordinates_cost_nothing_where_they_are_true_and_count_on_skin_only():
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(2, 9, 16, 24, generator=generator)
    truth[:, 8] = 0
    truth[:, 8, 4:12, 6:18] = 1
    wild = torch.where(truth[:, 8:] > 0, truth[:, 5:8], 7.0)
    batch = truth, torch.zeros(2, 2, 3)

    def cost(canonical, stated):
        guess = _maps(truth[:, 0])._replace(
            canonical=canonical, log_canonical_uncertainty=torch.full((2, 16, 24), math.log(stated))
        )
        return losses(guess, *batch)

    assert cost(wild, 0.02)["canonical"] == 0
    off = wild + 0.03 * torch.tensor([1.0, -1.0, 1.0])[:, None, None]
    assert cost(off, 0.02)["canonical"] == pytest.approx(0.03, rel=1e-3)
    said = {stated: float(cost(off, stated)["canonical uncertainty"]) for stated in (0.024, 0.03, 0.037)}
    assert min(said, key=lambda stated: said[stated]) == 0.03
    excused = off.clone().requires_grad_()
    term = cost(excused, 0.02)["canonical uncertainty"]
    assert not term.requires_grad, "a stated error excuses nothing"
    assert not {"canonical", "canonical uncertainty"} & set(losses(_maps(truth[:, 0]), *batch))


def test_what_lies_outside_the_matte_costs_no_relief():
    truth = torch.zeros(1, 5, 16, 16)
    wild = torch.full((1, 16, 16), 9.0)
    terms = losses(_maps(wild), truth, torch.zeros(1, 2, 3))
    assert float(terms["shift-invariant"] + terms["absolute"] + terms["slope"] + terms["normals"]) == 0


def test_the_narrow_face_counts_twice():
    """The same error, without a mean, within the face and beside it."""
    truth = torch.zeros(1, 5, 16, 32)
    truth[:, 2], truth[:, 4, :, :16] = 1, 1

    def cost(columns):
        guess = torch.zeros(1, 16, 32)
        guess[:, :, columns] = 0.01 * torch.tensor([1.0, -1.0, 1.0, -1.0])
        return {name: float(term) for name, term in losses(_maps(guess), truth, torch.zeros(1, 2, 3)).items()}

    face, beside = cost(slice(4, 8)), cost(slice(20, 24))
    for term in ("shift-invariant", "slope", "normals"):
        assert face[term] == pytest.approx(2 * beside[term], rel=0.06)
    assert face["absolute"] == pytest.approx(beside["absolute"])


def test_the_ablations_differ_from_the_loss_by_the_term_they_name():
    truth = torch.zeros(1, 5, 16, 16)
    truth[:, 0], truth[:, 2] = 0.002 * torch.arange(16.0), 1
    truth[:, 0, :, 8:] += 0.5
    batch = truth, torch.zeros(1, 2, 3)
    terms = losses(_maps(truth[:, 0]), *batch)
    assert {
        name: set(terms) ^ set(cost(_maps(truth[:, 0]), *batch)) for name, cost in ablation.COSTS.items()
    } == {
        "all terms": set(),
        "without absolute relief": {"absolute"},
        "without shift-invariant relief": {"shift-invariant"},
        "without slope (multi-scale gradient)": {"slope"},
        "slope of one scale, less at edges": set(),
        "face weighs once": set(),
        "without normals": {"normals"},
        "without uncertainty": {"uncertainty"},
    }
    flat_edge, flat = truth[:, 0].clone(), truth[:, 0].clone()
    flat_edge[:, :, 8:] -= 0.5  # the jump is missed
    flat[:, :, 4:] -= 0.5  # a jump where there is none
    missed, invented = (ablation.edge_aware(_maps(relief), *batch)["slope"] for relief in (flat_edge, flat))
    assert missed < 1e-6 < invented


def test_the_ablations_weigh_the_face_as_the_loss_does_unless_they_say_so():
    """Of one step in the error beside the face and one within it; where truth is flat the slope of one scale
    is the first of the loss's.
    """
    truth = torch.zeros(1, 5, 17, 32)
    truth[:, 2], truth[:, 4, :, :16] = 1, 1
    batch = truth, torch.zeros(1, 2, 3)

    def step(column):
        guess = torch.zeros(1, 17, 32)
        guess[:, :, column:] = 0.01
        return _maps(guess)

    for cost, counts in ((losses, 2), (ablation.edge_aware, 2), (ablation.face_once, 1)):
        within, beside = (float(cost(step(column), *batch)["slope"]) for column in (8, 24))
        assert within == pytest.approx(counts * beside, rel=1e-4), cost
    first_of_four = 0.01 * 2 * 17 / (1.5 * 17 * 32)
    assert float(ablation.edge_aware(step(8), *batch)["slope"]) == pytest.approx(first_of_four, rel=1e-4)


def test_views_without_head_crops_are_large_crops(tmp_path):
    """Relief, in widths of the crop, gives the size of the crop."""
    assert ablation.variants()["no head crops"].head_crops == 0
    records = np.zeros(4, record_dtype(96))
    records["relief"], records["matte"], records["heads"][:, 0] = 0.25, 255, (48, 48, 10)
    np.save(tmp_path / "0.npy", records)

    def reliefs(**options):
        """Of each view that is not shrunk."""
        views = RandomViews(tmp_path, 32, seed=0, **options)
        maps = torch.stack([view[1] for view in itertools.islice(views, 24)])
        return maps[maps[:, 2].amin((1, 2)) > 0.5][:, 0].amax((1, 2))

    assert 0.2 < (reliefs() > 0.25 / 0.6).float().mean() < 0.8
    assert (reliefs(head_crops=0) < 0.25 / 0.6).all()


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (16, 16)])
def test_an_update_of_muon_keeps_directions_and_evens_out_lengths(shape):
    matrix = torch.from_numpy(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    left, _, right = np.linalg.svd(matrix.numpy(), full_matrices=False)
    even = orthogonal(matrix).numpy()
    along = np.einsum("ik,ij,kj->k", left, even, right)  # of each singular direction
    assert along.min() > 0.4
    assert along.max() < 1.3
    assert np.abs(left.T @ even @ right.T - np.diag(along)).max() < 0.1
    assert not orthogonal(torch.zeros(shape)).any()


def test_inner_kernels_move_by_muon_and_the_rest_by_adamw():
    """Muon's second update, worked out by hand from Nesterov's rule; AdamW's first one has the length of its
    rate; both decay.
    """
    generator = torch.Generator().manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3),
        torch.nn.Conv2d(8, 12, 3),
        torch.nn.BatchNorm2d(12),
        torch.nn.Conv2d(12, 2, 1),
    )
    network = network.to(memory_format=torch.channels_last)
    kernel = network[1].weight
    optimisers = muon_and_adamw(network, 0.01, 0.1)

    def update():
        before = [value.detach().clone() for value in network.parameters()]
        for value in network.parameters():
            value.grad = torch.randn(value.shape, generator=generator)
        for optimiser in optimisers:
            optimiser.step()
        return before

    before = update()
    for value, then in zip(network.parameters(), before, strict=True):
        if value is not kernel:
            assert (value.detach() - then * (1 - 0.01 * 0.1)).abs().mean() == pytest.approx(0.01, rel=1e-2)
    first = kernel.grad
    then = update()[2]
    momentum = 0.95 * 0.05 * first + 0.05 * kernel.grad
    direction = orthogonal((0.05 * kernel.grad + 0.95 * momentum).reshape(12, 72)).reshape(kernel.shape)
    moved = kernel.detach() - then * (1 - 0.01 * 0.1)
    assert torch.allclose(moved, -0.01 * UPDATE_RMS * 72**0.5 * direction, atol=1e-4)
    assert float(moved.square().mean().sqrt()) == pytest.approx(0.01 * UPDATE_RMS, rel=0.25)


def test_the_rate_rises_stays_and_falls_to_zero():
    rates = [learning_rate(seen, 100_000, 20_000) for seen in (0, WARM_UP, 50_000, 80_000, 90_000, 100_000)]
    assert rates[0] < rates[1] == rates[2] == rates[3]
    assert rates[4] == pytest.approx(rates[3] / 2)
    assert rates[5] == 0


def test_a_folder_of_obj_files_reads_like_the_packed_model(tmp_path):
    text = (
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nusemtl M_Face\nf 1/1 2/2 3/3 4/4\nusemtl M_EyeLashes\nf 1 2 3\n"
    )
    (tmp_path / "generic_neutral_mesh.obj").write_text(text)
    (tmp_path / "identity000.obj").write_text(text.replace("v 1 1 0", "v 1 3 0"))
    (tmp_path / "jawOpen.obj").write_text(text.replace("v 0 0 0", "v 0 -1 0"))
    model = load_face_model(tmp_path)
    assert model.triangles_m3.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert model.expression_names == ("jawOpen",)
    moved = model.shape(np.array([0.5]), np.array([1.0]))
    assert moved.tolist() == [[0, -1, 0], [1, 0, 0], [1, 2, 0], [0, 1, 0]]


def test_the_eyes_of_two_people_share_the_two_channels():
    from training.losses import eye_loss

    def loss_with_blobs_at(places):
        logit = torch.full((1, 2, 32, 32), -8.0)
        for channel, row, column in places:
            logit[0, channel, row, column] = 8.0
        eyes = torch.tensor([[[0.2, 0.2, 1], [0.3, 0.2, 1], [0.7, 0.6, 1], [0.8, 0.6, 1]]])
        return float(eye_loss(logit, eyes))

    right = loss_with_blobs_at([(0, 6, 6), (1, 6, 9), (0, 19, 22), (1, 19, 25)])
    swapped = loss_with_blobs_at([(1, 6, 6), (0, 6, 9), (1, 19, 22), (0, 19, 25)])
    missing = loss_with_blobs_at([(0, 6, 6), (1, 6, 9)])
    assert right < missing < swapped


@pytest.mark.parametrize("side", [41, 50, 64, 81, 111, 150])
def test_resampled_truth_keeps_slopes_places_and_jumps(side):
    """A slanted plane whose back jumps half-way, before nothing: as slanted, as thick and where it was at
    every size, without a mixture.
    """
    columns, rows = np.meshgrid(np.arange(96) + 0.5, np.arange(96) + 0.5)
    maps = np.zeros((96, 96, 9), np.float32)
    inside = (np.abs(columns - 42) < 30) & (np.abs(rows - 54) < 33)
    maps[..., 0] = (0.8 * columns - 0.5 * rows + 60) / 192 * inside
    maps[..., 1], maps[..., 2] = np.where(rows < 50, 0.05, 0.1) * inside, inside
    skin = inside & (columns < 30)
    maps[..., 5], maps[..., 6], maps[..., 8] = columns / 96 * skin, (1 - rows / 96) * skin, skin
    small = resized(maps, side, 192)
    seen = small[..., 2] > 0.5
    scale = 96 / side
    columns, rows = np.meshgrid((np.arange(side) + 0.5) * scale, (np.arange(side) + 0.5) * scale)
    inner = (np.abs(columns - 42) < 29) & (np.abs(rows - 54) < 32) & (np.abs(rows - 50) > 1)
    assert np.abs(small[..., 0] - (0.8 * columns - 0.5 * rows + 60) / 192)[inner].max() < 1e-6
    assert (
        np.abs(small[..., 0] - (0.8 * columns - 0.5 * rows + 60) / 192)[seen].max() < 1 / 192
    )  # at the edge the nearest pixel's
    assert not small[~seen, :2].any()
    assert np.abs(np.abs(small[seen, 1] - 0.075) - 0.025).max() < 1e-6
    assert ((small[..., 1] > 0.07) == (rows > 50))[inner].all()
    assert (columns[seen].mean(), rows[seen].mean()) == pytest.approx((42, 54), abs=0.4 * scale)
    assert seen.mean() == pytest.approx(60 * 66 / 96**2, rel=0.06)
    skin = small[..., 8] > 0
    assert not small[~skin, 5:8].any()
    on_neutral = np.stack([columns / 96, 1 - rows / 96], -1)
    assert np.abs(small[..., 5:7] - on_neutral)[skin & inner & (columns < 29)].max() < 1e-6
    assert np.abs(small[..., 5:7] - on_neutral)[skin].max() < 0.5 / 96 + 1e-6, (
        "at the edge the nearest pixel's"
    )


@pytest.fixture
def tiny_set(tmp_path):
    """A folder with 60 records of 32 pixels of noise."""
    records = np.zeros(60, record_dtype(32))
    records["rgb"] = np.random.default_rng(0).integers(0, 255, records["rgb"].shape)
    records["matte"], records["relief"] = 255, records["rgb"][..., 0] / 1000
    (tmp_path / "set").mkdir()
    np.save(tmp_path / "set" / "0.npy", records)
    return tmp_path / "set"


@pytest.fixture
def small_network(monkeypatch):
    """Runs train a network with three layers at each scale."""
    monkeypatch.setattr(training.train, "FaceNetwork", tiny_network)


def test_two_processes_share_one_run(tiny_set, tmp_path, small_network):
    root, run = Path(__file__).resolve().parents[2], tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "tests.forked_training",
        "16",
        "32",
        "--data",
        tiny_set,
        "--run",
        run,
        "--processes",
        "2",
    ]
    subprocess.run([*command, "--side", "32", "--batch", "8", "--workers", "0"], cwd=root, check=True)
    first, further = (torch.load(run / name, weights_only=True) for name in ("16.pt", "checkpoint.pt"))
    assert [(state["seen"], state["steps"]) for state in (first, further)] == [(16, 1), (32, 2)]
    alone = []
    for seed in range(2):
        run = Run(tmp_path / "alone", torch.device("cpu"))
        views = itertools.islice(RandomViews(tiny_set, 32, seed), 8)
        run.step(*(torch.stack(part) for part in zip(*views, strict=True)), learning_rate(0, 16, 0))
        alone.append(run.network.encoder.bn1.running_mean)
    together = first["network"]["encoder.bn1.running_mean"]
    apart = (alone[0] - alone[1]).abs().max()
    assert (together - (alone[0] + alone[1]) / 2).abs().max() < 0.1 * apart, (
        "the mean of two that saw different views"
    )


def test_every_weight_is_averaged_once(tmp_path, monkeypatch, small_network):
    run = Run(tmp_path, torch.device("cpu"))
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    run.average_weights()
    assert all(torch.equal(value, before[name]) for name, value in run.network.state_dict().items()), "alone"
    run.processes = 2
    monkeypatch.setattr(
        distributed, "all_reduce", lambda flat: flat.mul_(4)
    )  # the other's weights are three times as large
    run.average_weights()
    for name, value in run.network.state_dict().items():
        torch.testing.assert_close(value, before[name] * (2 if value.is_floating_point() else 1))


def test_a_run_goes_on_where_it_stopped(tiny_set, tmp_path, small_network):
    def go_on(samples):
        train(tiny_set, tmp_path, 32, samples, 8, batch=8, workers=0, bfloat16=False)
        return torch.load(tmp_path / "checkpoint.pt", weights_only=True)

    first, idle, further = go_on(16), go_on(16), go_on(32)
    assert [(state["seen"], state["steps"]) for state in (first, idle, further)] == [
        (16, 2),
        (16, 2),
        (32, 4),
    ]
    for part in ("network", "average"):
        assert all(torch.equal(value, idle[part][name]) for name, value in first[part].items())
        assert not any(
            torch.equal(value, further[part][name]) for name, value in first[part].items() if "conv" in name
        )
    for optimiser, same in zip(first["optimisers"], idle["optimisers"], strict=True):
        assert optimiser["state"].keys() == same["state"].keys() != set()
        for number, values in optimiser["state"].items():
            assert all(torch.equal(value, same["state"][number][name]) for name, value in values.items())
    del first["optimisers"]  # as in a checkpoint from before there was Muon
    torch.save(first, tmp_path / "checkpoint.pt")
    assert go_on(24)["seen"] == 24


@pytest.mark.parametrize("middle", [(60, 50), (20, 80)])
def test_a_head_crop_lies_around_a_head(middle):
    record = np.zeros((), record_dtype(96))[()]
    record["heads"][1] = *middle, 24
    left, top, cut = np.transpose(
        [augmentation.head_crop(record, np.random.default_rng(seed)) for seed in range(200)]
    )
    assert cut.min() >= 1.6 * 24 - 1
    assert cut.max() <= 2.6 * 24 + 1
    assert np.ptp(cut) > 20
    assert (np.minimum(left, top) >= 0).all()
    assert (np.maximum(left, top) + cut <= 96).all()
    for start, place in ((left, middle[0]), (top, middle[1])):
        free = (start > 0) & (start + cut < 96)
        assert (np.abs(start + cut / 2 - place)[free] <= 0.08 * 2.6 * 24 + 1).all()
        assert ((start < place) & (place < start + cut)).all()
    record["heads"][1] = 0
    assert augmentation.head_crop(record, np.random.default_rng(0))[2] >= 0.6 * 96, "nobody in view"


def test_a_view_moves_picture_truth_and_eyes_alike(monkeypatch):
    """A plane keeps its slope in pixels in every view; a red dot on the left eye and a green one on the right
    stay on them.
    """
    side = 96
    monkeypatch.setattr(augmentation, "recolour", lambda photo, _: photo)
    record = np.zeros((), record_dtype(side))[()]
    y, x = np.mgrid[:side, :side].astype(np.float32) + 0.5
    record["relief"], record["matte"] = (x + 2 * y) / side * 0.25, 255
    record["canonical"] = np.stack([x / side - 0.5, 0.5 - y / side, 0.4 + 0 * x], -1)
    record["canonical"][:, side // 2 :] = np.nan
    record["eyes"][:2], record["heads"][0] = [[30, 44, 1], [62, 50, 1]], [46, 50, 40]
    for colour, (column, row, _) in enumerate(record["eyes"][:2]):
        record["rgb"][..., colour] = 255 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / 18)
    flipped, shrunk = [], []
    for seed in range(60):
        photo, maps, eyes = random_view(record, side, np.random.default_rng(seed))
        person = cv2.erode((maps[2] > 0.5).astype(np.uint8), np.ones((3, 3)), borderValue=0) > 0
        down, across = np.gradient(maps[0] * side)
        shrunk.append((maps[2] < 0.5).any())
        flipped.append(np.median(across[person]) < 0)
        assert np.median(np.abs(across[person])) == pytest.approx(0.25, rel=0.02)
        assert np.median(down[person]) == pytest.approx(0.5, rel=0.02)
        skin = maps[8] > 0
        # The plane again: relief is known from canonical coordinates, whose x a mirrored head has on the
        # other side.
        where = skin & (cv2.erode(skin.astype(np.uint8), np.ones((5, 5)), borderValue=0) > 0)
        if where.sum() > 30:
            widths = np.linalg.lstsq(
                np.c_[maps[5:7, where].T, np.ones(where.sum())], maps[0, where], rcond=None
            )[0]
            assert widths[0] / widths[1] == pytest.approx(0.5 if flipped[-1] else -0.5, rel=0.05)
            assert (maps[5, where] > 0).all() if flipped[-1] else (maps[5, where] < 0).all()
            assert np.abs(maps[7, where] - 0.4).max() < 1e-3
        assert not maps[5:8, ~skin].any()
        for eye, colour in zip(eyes, (1, 0) if flipped[-1] else (0, 1), strict=False):
            if eye[2] and np.all(np.abs(eye[:2] - 0.5) < 0.42) and not shrunk[-1]:
                rows, columns = np.nonzero(photo[colour] > 0.5)
                assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(
                    tuple(eye[:2] * side), abs=0.6
                )
    assert 0.3 < np.mean(flipped) < 0.7
    assert 0.02 < np.mean(shrunk) < 0.3


def test_scenes_with_something_hard_in_them_are_trained_on_more_often(tmp_path):
    """One record in four holds something hard; of two drawn independently, one does with 7 / 16, so of views
    (1 / 4 + 7 / 16) / 2 do.
    """
    records = np.zeros(SHARD, record_dtype(32))
    records["has"][: SHARD // 4] = 1 << GROUPS.index(HARD[0])
    records["rgb"][: SHARD // 4] = 255
    np.save(tmp_path / "0.npy", records)
    views = itertools.islice(RandomViews(tmp_path, 32, seed=1), 1500)
    hard = np.mean([photo.mean() > 0.5 for photo, _, _ in views])
    assert hard == pytest.approx(11 / 32, abs=0.04)
