"""Laws of the training loop."""

import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from forked_training import TINY, tiny_network
from safetensors.torch import save_file
from torch import distributed

import training.train
from face3d.depth.face.interface import metadata_of
from face3d.depth.face.network import FaceNetwork
from training.augmentation import RandomViews
from training.dataset import record_dtype
from training.train import WARM_UP, Plan, Run, learning_rate, train


def test_the_rate_rises_stays_and_falls_to_zero():
    rates = [learning_rate(seen, 100_000, 20_000) for seen in (0, WARM_UP, 50_000, 80_000, 90_000, 100_000)]
    assert rates[0] < rates[1] == rates[2] == rates[3]
    assert rates[4] == pytest.approx(rates[3] / 2)
    assert rates[5] == 0


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


@pytest.mark.slow
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


def test_a_decoder_that_is_trained_alone_changes_and_nothing_else_does(tiny_set, tmp_path):
    """Neither a parameter nor a running mean of the rest, of the weights and of their average."""
    torch.manual_seed(1)
    whole = FaceNetwork(TINY).state_dict()
    save_file(whole, tmp_path / "begun.safetensors", metadata_of(TINY, {}))
    plan = Plan(replace(TINY, canonical_widths=(8,) * 4), tmp_path / "begun.safetensors", only_canonical=True)
    train(tiny_set, tmp_path / "run", 32, 8, 4, batch=8, workers=0, bfloat16=False, plan=plan)
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    start = Run(tmp_path / "none", torch.device("cpu"), configuration=plan.configuration).network.state_dict()
    for part in ("network", "average"):
        for name, value in state[part].items():
            if name.startswith("canonical."):
                assert not torch.equal(value, start[name]), name
            else:
                assert torch.equal(value, whole[name]), name


def test_canonical_coordinates_alone_are_refused_without_their_decoder(capsys, monkeypatch):
    monkeypatch.setattr(
        sys, "argv", ["train", "--data", "d", "--run", "r", "--samples", "8", "--only-canonical"]
    )
    with pytest.raises(SystemExit):
        training.train.main()
    assert "--only-canonical goes with --canonical." in capsys.readouterr().err
