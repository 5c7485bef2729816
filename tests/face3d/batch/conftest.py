"""Options of a run, a converter that only copies, and photos for it."""

import argparse

import numpy as np
import pytest
import stand_in
from batch_run import Copier
from PIL import Image

import depth_estimation
from face3d.batch.manifest import Task


@pytest.fixture
def run_options(tmp_path):
    """A namespace with the defaults of what a run reads; its output folder is there."""
    (tmp_path / "out").mkdir()
    off = dict.fromkeys(("manifest", "sheet", "csv"))
    return argparse.Namespace(output=tmp_path / "out", resume=False, fail_fast=False, jobs=1, **off)


@pytest.fixture
def copier(run_options):
    """A converter into the output folder of `run_options`."""
    return Copier(run_options.output)


@pytest.fixture
def tasks(tmp_path):
    """Makes tasks of names and contents, the photos among them."""

    def make(**contents):
        for name, data in contents.items():
            (tmp_path / f"{name}.jpg").write_bytes(data)
        return [Task(tmp_path / f"{name}.jpg", name) for name in contents]

    return make


@pytest.fixture
def network(monkeypatch):
    """A stand-in for the bundled network; the egg that it sees is not cut out again."""
    for name in ("load_network", "predict", "cut_out"):
        monkeypatch.setattr(depth_estimation, name, getattr(stand_in, name))


@pytest.fixture
def photo_file():
    """Writes a JPEG of noise, other for each seed."""

    def write(path, seed=0):
        path.parent.mkdir(parents=True, exist_ok=True)
        rgb_hwc = np.random.default_rng(seed).integers(0, 255, (96, 80, 3), np.uint8)
        Image.fromarray(rgb_hwc).save(path, "JPEG")
        return path

    return write
