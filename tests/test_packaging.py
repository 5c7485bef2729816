"""What is installed: the dependencies stated twice agree, and a wheel works in an empty folder."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from PIL import Image

import face3d
from face3d import bundled

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
SAMPLE_SIZE = (160, 200)
CONVERT_A_SAMPLE = """
import sys
from importlib.metadata import entry_points

import depth_estimation, face3d, generate_3d_model
from face3d import bundled
from PIL import Image

for module in (depth_estimation, face3d, generate_3d_model):
    print(module.__file__)
Image.open(bundled.sample_portraits()[0]).resize({size}).save("me.jpg")
(command,) = entry_points(group="console_scripts", name="photo-to-3d-face")
sys.exit(command.load()(["me.jpg", "-o", "out", "--formats", "glb", "--faces", "2000"]))
"""


def requirements_of(name):
    """A requirements file's lines, without comments and without the files that it includes."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return as_set(line for line in lines if line and not line.startswith("-r"))


def as_set(lines):
    """Requirements as (name, bounds), so that order and blanks do not count."""
    return {(found.name.lower().replace("_", "-"), str(found.specifier)) for found in map(Requirement, lines)}


def group(name):
    """A dependency group, the groups that it includes among it."""
    found = set()
    for entry in GROUPS[name]:
        found |= group(entry["include-group"]) if isinstance(entry, dict) else as_set([entry])
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel as `pip install .` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_requirements_file_is_the_package_and_the_page():
    assert requirements_of("requirements.txt") == as_set(PROJECT["project"]["dependencies"]) | group("page")


def test_the_extra_requirements_are_all_extras_but_the_training():
    assert requirements_of("requirements-extra.txt") == set().union(
        *(
            as_set(EXTRAS[name])
            for name in (
                "heic",
                "transformers",
                "poisson",
                "rembg",
                "refine",
                "assistant",
                "imagine",
                "video",
                "ray",
            )
        )
    )


def test_the_development_requirements_are_the_group():
    assert requirements_of("requirements-dev.txt") | group("page") == group("dev")


def test_the_tests_have_what_the_extras_ask_for():
    """All but open3d, which is large, needs libraries of the system, and is stood in for."""
    for name in ("heic", "transformers", "imagine", "ray", "training"):
        assert as_set(EXTRAS[name]) <= group("dev"), name


def test_every_bound_is_a_lower_one():
    for name, bounds in requirements_of("requirements.txt") | requirements_of("requirements-dev.txt"):
        assert re.fullmatch(r">=[0-9.]+", bounds), name


def test_the_changelog_and_the_library_have_the_version():
    assert f"## {PROJECT['project']['version']}" in (ROOT / "CHANGELOG.md").read_text()
    assert PROJECT["project"]["version"] == face3d.VERSION


def test_the_bundled_files_are_found_in_a_checkout():
    assert ROOT / "assets" == bundled.FOLDER
    assert (bundled.FOLDER / "face_depth.safetensors").is_file()
    assert (bundled.FOLDER / "head_model.npz").is_file()
    assert len(bundled.sample_portraits()) == 4


def test_the_wheel_has_the_library_the_command_and_the_bundled_files_only(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    library = {
        path.relative_to(ROOT).as_posix()
        for path in Path(face3d.__file__).parent.rglob("*")
        if path.suffix in (".py", ".js", ".css", ".sh") or path.name in ("py.typed", "LICENSE")
    }
    samples = {f"face3d/assets/samples/{path.name}" for path in bundled.sample_portraits()}
    roots = {"convert.py", "depth_estimation.py", "generate_3d_model.py"}
    bundles = (
        "face_depth.safetensors",
        "face_depth.onnx",
        "face_depth.LICENSE",
        "head_model.npz",
        "head_model.LICENSE",
    )
    assert names == library | samples | roots | {f"face3d/assets/{name}" for name in bundles}
    assert "face3d/py.typed" in names


def test_an_installed_wheel_converts_a_sample_in_an_empty_folder(wheel, tmp_path):
    target, folder = tmp_path / "installed", tmp_path / "empty"
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    environment = {**os.environ, "PYTHONPATH": str(target), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CONVERT_A_SAMPLE.format(size=SAMPLE_SIZE)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *modules, said = done.stdout.splitlines()
    assert len(modules) == 3 and all(Path(path).is_relative_to(target) for path in modules)
    assert said.startswith("me.jpg: bust, ") and "closed" in said
    assert (folder / "out" / "me_bust.glb").read_bytes().startswith(b"glTF")
    with Image.open(folder / "out" / "me_depth16.png") as depth:
        assert depth.size == SAMPLE_SIZE
