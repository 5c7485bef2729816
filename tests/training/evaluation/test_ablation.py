"""Laws of the variants that the ablation compares."""

import pytest
import torch
from predicted_maps import maps_of

from training.evaluation import ablation
from training.losses import losses


def test_the_ablations_differ_from_the_loss_by_the_term_they_name():
    truth = torch.zeros(1, 5, 16, 16)
    truth[:, 0], truth[:, 2] = 0.002 * torch.arange(16.0), 1
    truth[:, 0, :, 8:] += 0.5
    batch = truth, torch.zeros(1, 2, 3)
    terms = losses(maps_of(truth[:, 0]), *batch)
    assert {
        name: set(terms) ^ set(cost(maps_of(truth[:, 0]), *batch)) for name, cost in ablation.COSTS.items()
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
    missed, invented = (ablation.edge_aware(maps_of(relief), *batch)["slope"] for relief in (flat_edge, flat))
    assert missed < 1e-6 < invented


def test_the_ablations_weigh_the_face_as_the_loss_does_unless_they_say_so():
    """Of a step in the error within the face and beside it; on flat truth one scale is the loss's first."""
    truth = torch.zeros(1, 5, 17, 32)
    truth[:, 2], truth[:, 4, :, :16] = 1, 1
    batch = truth, torch.zeros(1, 2, 3)

    def step(column):
        guess = torch.zeros(1, 17, 32)
        guess[:, :, column:] = 0.01
        return maps_of(guess)

    for cost, counts in ((losses, 2), (ablation.edge_aware, 2), (ablation.face_once, 1)):
        within, beside = (float(cost(step(column), *batch)["slope"]) for column in (8, 24))
        assert within == pytest.approx(counts * beside, rel=1e-4), cost
    first_of_four = 0.01 * 2 * 17 / (1.5 * 17 * 32)
    assert float(ablation.edge_aware(step(8), *batch)["slope"]) == pytest.approx(first_of_four, rel=1e-4)
