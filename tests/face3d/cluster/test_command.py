"""`photo-to-3d-face batch`: what is refused before any work, each with one sentence."""

import importlib.util

import pytest

import convert
from face3d.batch.options import arguments
from face3d.batch.run_options import recipe_of
from face3d.cluster.options import parsed


def refused(capsys, *words):
    """What is said about a command that is refused."""
    assert convert.main(["batch", *map(str, words), "--ray", "local"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err.strip()


def test_without_the_extra_it_says_how_to_install_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert refused(capsys, tmp_path, tmp_path / "out") == (
        "The command batch needs Ray. Run: pip install 'ray[data]>=2.60' 'fsspec[http]>=2026.9'"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--prompt", "a man"), "--prompt is of one photo, and batch converts many"),
        (("--mask", "mask.png", "--matte", "file"), "--mask is of one photo"),
        (("--depth-map", "depth.png"), "--depth-map FILE is of one photo"),
        (("--actors", "0"), "--actors must be 1 or more, not 0."),
        (("--actor-gb", "0"), "--actor-gb must be above 0, not 0."),
        (("--height-mm", "-3"), "height"),
        (("--settings", "nowhere.toml"), "nowhere.toml cannot be read"),
    ],
)
def test_options_that_do_not_fit_are_refused(words, said, tmp_path, capsys):
    assert said in refused(capsys, tmp_path, tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


def test_places_of_no_use_are_refused(tmp_path, capsys):
    assert "the same folder" in refused(capsys, tmp_path, f"{tmp_path}/")
    assert "is not there" in refused(capsys, tmp_path / "nowhere", tmp_path / "out")
    assert "holds no photo" in refused(capsys, tmp_path, tmp_path / "out")


def test_settings_are_those_of_the_command_line(tmp_path):
    """And so are the manifest's: where and how it runs is none of them."""
    (tmp_path / "bust.toml").write_text('height-mm = 120\nformats = ["stl"]\n')
    words = ["--settings", str(tmp_path / "bust.toml"), "--formats", "glb,ply"]
    options = parsed(["in", "out", "--ray", "auto", "--actors", "3", "--resume", *words])
    assert recipe_of(options, arguments().parse_args([])).settings == {
        "formats": ["glb", "ply"],
        "height_mm": 120.0,
    }
