"""Laws of the options about a picture from words: what excludes what, and the files of a description."""

import argparse
import json
from pathlib import Path

import pytest
from PIL import Image
from tiny_pipeline import SIDE, write_pipeline

import convert
import depth_estimation
from face3d.batch.imagine_options import add_imagine_options, described
from face3d.errors import AssistantError, ImagineError
from face3d.imagine.picture import is_of_words
from face3d.synthetic import head


def options_of(*arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", nargs="*", type=Path, default=[Path("input")])
    parser.add_argument("--depth-map")
    add_imagine_options(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", "3"], "--seed is about a description. Add --prompt"),
        (["--image-model", "ssd-1b"], "Add --prompt"),
        (["me.jpg", "--prompt", "a man"], "Name photos, or --prompt"),
        (["--prompt", "a man", "--depth-map", "d.png"], "Leave out --prompt, or --depth-map"),
        (["--prompt", " "], "is empty"),
        (["--prompt", "a man", "--seed", "-1"], "seed is -1"),
        (["--prompt", "a man", "--image-model", "gone"], "no image model 'gone'"),
        (["--prompt", "a man", "--image-model", "server", "--steps", "3"], "the description alone"),
        (["--prompt", "a man", "--image-model", "server", "--seed", "3"], "takes no seed"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_any_work(monkeypatch, arguments, said):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(ImagineError, match=said):
        described(options_of(*arguments))


def test_a_host_elsewhere_gets_no_description_without_consent(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://example.org/v1")
    words = ["--prompt", "a man", "--image-model", "server"]
    with pytest.raises(AssistantError, match="--image-host-sees-prompt"):
        described(options_of(*words))
    assert described(options_of(*words, "--image-host-sees-prompt")).photos == [Path("a_man_0.png")]


def test_without_a_description_the_photos_are_asked_for():
    assert described(options_of("me.jpg")) is None


def test_a_description_gives_the_files_of_a_photo_and_the_picture_itself(tmp_path, monkeypatch, capsys):
    """The depth is the formula's; all else is as ever."""
    monkeypatch.setattr(depth_estimation, "load_network", lambda name="face", **_: name)
    monkeypatch.setattr(depth_estimation, "predict", lambda _network, photo: head(photo.size_hw))
    monkeypatch.setattr(depth_estimation, "cut_out", lambda depth, *_, **__: depth)
    model, out = write_pipeline(tmp_path / "tiny"), tmp_path / "out"
    out.mkdir()
    (out / "a_man_7_photo.png").write_bytes(b"the user's")
    command = ["--prompt", "A man", "--seed", "7", "--steps", "2", "--image-size", str(SIDE)]
    command += ["--image-model", str(model), "-o", str(out), "--faces", "500"]
    for _ in range(2):  # the second time its own picture is replaced
        assert convert.main(command) == 0
        said = capsys.readouterr()
        assert said.out.startswith("a_man_7.png: bust") and "licence: its own" in said.err
    assert (out / "a_man_7_photo.png").read_bytes() == b"the user's"
    names = {path.name for path in out.iterdir()}
    assert {"a_man_7_2_photo.png", "a_man_7_bust.glb", "a_man_7_depth16.png"} <= names
    assert "a_man_7_3_photo.png" not in names
    picture = out / "a_man_7_2_photo.png"
    assert is_of_words(picture) and Image.open(picture).size == (SIDE, SIDE)
    facts = json.loads((out / "a_man_7_bust_report.json").read_text())["picture_from_words"]
    assert (facts["prompt"], facts["seed"], facts["steps"]) == ("A man", 7, 2)
    assert facts["licence"] and facts["model"]
