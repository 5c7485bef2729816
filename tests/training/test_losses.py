"""Laws of the loss."""

import math

import numpy as np
import pytest
import torch
from predicted_maps import maps_of

from training.losses import canonical_losses, losses


def test_a_shift_of_relief_changes_the_absolute_term_only():
    truth = torch.zeros(1, 5, 16, 24)
    truth[:, 0] = torch.rand(16, 24, generator=torch.Generator().manual_seed(0))
    truth[:, 2] = 1
    terms = losses(maps_of(truth[:, 0] + 0.5), truth, torch.zeros(1, 2, 3))
    assert terms["shift-invariant"] == pytest.approx(0, abs=1e-6)
    assert terms["slope"] == pytest.approx(0, abs=1e-5)
    assert terms["absolute"] == pytest.approx(0.5, abs=1e-5)


def test_the_term_on_normals_is_the_angle_between_planes():
    """Planes whose normals are 0.02 radians apart, in all directions, flat and steep, noise outside."""
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
            assert losses(maps_of(guess[None]), truth, torch.zeros(1, 2, 3))["normals"] == pytest.approx(
                2 * 0.02, rel=0.06
            )


@pytest.mark.parametrize(
    ("term", "stated"),
    [("uncertainty", "log_uncertainty"), ("thickness uncertainty", "log_thickness_uncertainty")],
)
def test_a_stated_error_costs_least_when_it_is_true_and_excuses_nothing(term, stated):
    """Relief is off by +-0.02, thickness by 0.05; a stated error gives the error itself no gradient."""
    truth = torch.zeros(1, 5, 8, 8)
    truth[:, 1], truth[:, 2] = 0.3, 1
    relief = torch.where(torch.arange(8) % 2 > 0, 0.02, -0.02).expand(1, 8, 8).clone().requires_grad_()
    thickness = torch.full((1, 8, 8), 0.35, requires_grad=True)
    true = {"uncertainty": 0.02, "thickness uncertainty": 0.05}[term]

    def cost(error):
        guess = maps_of(relief)._replace(
            thickness=thickness, **{stated: torch.full((1, 8, 8), math.log(error), requires_grad=True)}
        )
        return losses(guess, truth, torch.zeros(1, 2, 3))[term]

    assert cost(true) < min(cost(0.8 * true), cost(1.25 * true))
    cost(true).backward()
    assert relief.grad is None
    assert thickness.grad is None


def test_what_lies_outside_the_matte_costs_no_relief():
    truth = torch.zeros(1, 5, 16, 16)
    wild = torch.full((1, 16, 16), 9.0)
    terms = losses(maps_of(wild), truth, torch.zeros(1, 2, 3))
    assert float(terms["shift-invariant"] + terms["absolute"] + terms["slope"] + terms["normals"]) == 0


def test_the_narrow_face_counts_twice():
    """The same error, without a mean, within the face and beside it."""
    truth = torch.zeros(1, 5, 16, 32)
    truth[:, 2], truth[:, 4, :, :16] = 1, 1

    def cost(columns):
        guess = torch.zeros(1, 16, 32)
        guess[:, :, columns] = 0.01 * torch.tensor([1.0, -1.0, 1.0, -1.0])
        terms = losses(maps_of(guess), truth, torch.zeros(1, 2, 3))
        return {name: float(term) for name, term in terms.items()}

    face, beside = cost(slice(4, 8)), cost(slice(20, 24))
    for term in ("shift-invariant", "slope", "normals"):
        assert face[term] == pytest.approx(2 * beside[term], rel=0.06)
    assert face["absolute"] == pytest.approx(beside["absolute"])


def test_canonical_coordinates_cost_nothing_where_they_are_true_and_count_on_skin_only():
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(2, 9, 16, 24, generator=generator)
    truth[:, 8] = 0
    truth[:, 8, 4:12, 6:18] = 1
    wild = torch.where(truth[:, 8:] > 0, truth[:, 5:8], 7.0)
    batch = truth, torch.zeros(2, 2, 3)

    def cost(canonical, stated):
        guess = maps_of(truth[:, 0])._replace(
            canonical=canonical,
            log_canonical_uncertainty=torch.full((2, 16, 24), math.log(stated)),
            skin_logit=torch.zeros(2, 16, 24),
        )
        alone, terms = canonical_losses(guess, *batch), losses(guess, *batch)
        assert len(alone) == 3 and all(torch.equal(value, terms[name]) for name, value in alone.items())
        return terms

    assert cost(wild, 0.02)["canonical"] == 0
    off = wild + 0.03 * torch.tensor([1.0, -1.0, 1.0])[:, None, None]
    assert cost(off, 0.02)["canonical"] == pytest.approx(0.03, rel=1e-3)
    said = {stated: float(cost(off, stated)["canonical uncertainty"]) for stated in (0.024, 0.03, 0.037)}
    assert min(said, key=lambda stated: said[stated]) == 0.03
    excused = off.clone().requires_grad_()
    term = cost(excused, 0.02)["canonical uncertainty"]
    assert not term.requires_grad, "a stated error excuses nothing"
    assert not {"canonical", "canonical uncertainty", "skin"} & set(losses(maps_of(truth[:, 0]), *batch))


def test_the_term_on_skin_is_least_where_the_probability_is_the_share_of_skin():
    """Each pixel costs -log of the probability that is given to what it is, also outside the matte."""
    truth = torch.zeros(1, 9, 8, 8)
    truth[:, 8, :, :2] = 1
    nothing = maps_of(truth[:, 0])._replace(canonical=truth[:, 5:8], log_canonical_uncertainty=truth[:, 0])

    def cost(probability):
        logit = torch.full((1, 8, 8), math.log(probability / (1 - probability)))
        return float(canonical_losses(nothing._replace(skin_logit=logit), truth)["skin"])

    assert cost(0.25) == pytest.approx(-0.25 * math.log(0.25) - 0.75 * math.log(0.75), rel=1e-4)
    assert cost(0.25) < min(cost(0.2), cost(0.3))


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
