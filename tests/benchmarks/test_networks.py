"""The benchmark's command line, on the smallest networks and a stand-in for the official package."""

import re
import sys

import numpy as np
import pytest

from benchmarks import midas_parity, networks
from face3d.depth.registry import NETWORKS

OFFICIAL = """
import torch

class DPTDepthModel(torch.nn.Module):
    def __init__(self, path, backbone, non_negative):
        super().__init__()
        assert (path, backbone, non_negative) == (None, "swin2t16_256", True)

    def forward(self, image):
        assert image.shape == (1, 3, 256, 256)
        sum(range(10**6))
"""


def printed(main, arguments, monkeypatch, capsys):
    """The cells of each row that a command prints, without the table's head."""
    monkeypatch.setattr(sys, "argv", ["benchmark", *arguments])
    main()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in capsys.readouterr().out.splitlines()[2:]
    ]


@pytest.fixture
def checkout(tmp_path):
    """A function that writes a package of the official one's name."""

    def write(source):
        (tmp_path / "midas").mkdir()
        (tmp_path / "midas" / "dpt_depth.py").write_text(source)
        return str(tmp_path)

    return write


@pytest.mark.slow
def test_a_row_per_network_with_time_and_memory(monkeypatch, capsys):
    arguments = ["face", "midas_v21_small_256", "--photo", "320x160", "--device", "cpu", "--threads", "1"]
    rows = printed(networks.main, arguments, monkeypatch, capsys)
    assert [row[:2] for row in rows] == [["face", "own"], ["midas_v21_small_256", "256 x 128"]]
    for row in rows:
        assert all(re.fullmatch(r"\d+\.\d{3}", cell) for cell in row[2:4])
        assert 100 < int(row[4]) < 20_000
        assert row[5:] == ["-", "-"]


@pytest.mark.slow
def test_two_networks_in_turns(monkeypatch, capsys):
    arguments = ["--in-turns", "midas_v21_small_256", "--photo", "64x48", "--threads", "1", "--rounds", "1"]
    rows = printed(networks.main, arguments, monkeypatch, capsys)
    assert [row[0].split(",")[0] for row in rows] == ["face", "midas_v21_small_256", "midas_v21_small_256"]
    assert rows[0][2:4] == rows[0][5:7] == ["1.00", "1.00"]
    assert all(float(cell) > 0 for row in rows for cell in row[1:])


def test_turns_are_compared_round_by_round():
    """The third round met other work: both calls took ten times as long, and the ratio is still the same."""
    calls = []
    first, second = networks.measure_in_turns(
        [lambda: calls.append("a"), lambda: calls.append("b")], rounds=3
    )
    assert calls == ["a", "b"] * (networks.WARM_UP + 3)
    assert first.seconds_r2.shape == second.seconds_r2.shape == (3, 2)
    quick = networks.RoundTimes(np.array([[1.0, 2.0], [1.0, 2.0], [10.0, 20.0]]))
    slow = networks.RoundTimes(np.array([[2.0, 6.0], [2.0, 6.0], [20.0, 60.0]]))
    assert slow.ratios_to(quick) == (2.0, 3.0)


@pytest.mark.slow
def test_the_official_implementation_stands_beside_ours(checkout, monkeypatch, capsys):
    arguments = [
        "dpt_swin2_tiny_256",
        "--midas",
        checkout(OFFICIAL),
        "--device",
        "cpu",
        "--photo",
        "80x80",
        "--threads",
        "1",
    ]
    [row] = printed(networks.main, arguments, monkeypatch, capsys)
    assert row[:2] == ["dpt_swin2_tiny_256", "256 x 256"]
    assert float(row[5]) >= 0
    assert 100 < int(row[6]) < int(row[4])


@pytest.fixture
def ours_unmeasured(monkeypatch):
    """Our own networks are not run."""
    in_own_process, taken = networks.in_own_process, networks.Measurement(1.0, 1.0, 500.0)
    monkeypatch.setattr(
        networks,
        "in_own_process",
        lambda work, *arguments: taken if work is networks.ours else in_own_process(work, *arguments),
    )


@pytest.mark.usefixtures("ours_unmeasured")
@pytest.mark.parametrize("source", ["import timm.no_such_module", "raise AttributeError('old')"])
def test_an_official_implementation_that_cannot_be_imported_is_told(source, checkout, monkeypatch, capsys):
    arguments = ["dpt_swin2_tiny_256", "--midas", checkout(source), "--device", "cpu"]
    [row] = printed(networks.main, arguments, monkeypatch, capsys)
    assert row[5].startswith("not importable (")
    assert row[6] == "-"


def test_official_names_are_for_rows_of_the_table():
    assert set(networks.OFFICIAL_BACKBONES) <= set(NETWORKS)


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (networks.main, ["nonsense"]),
        (networks.main, ["--in-turns", "face"]),
        (networks.main, ["--photo", "640"]),
        (networks.main, ["glpn_nyu"]),
        (midas_parity.main, ["nonsense"]),
    ],
)
def test_wrong_arguments_end_with_2(main, arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmark", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2


def test_the_parity_table_has_a_row_per_network(monkeypatch, capsys):
    [row] = printed(midas_parity.main, ["midas_v21_small_256"], monkeypatch, capsys)
    assert row[:3] == ["midas_v21_small_256", "482", "21,320,545"]
    assert float(row[4]) < 1e-4
