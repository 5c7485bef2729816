"""Settings say the same as a file, as a command, and as options."""

import shlex

import pytest

import convert
from face3d.batch.imagine_options import ABOUT_PROMPT
from face3d.batch.model_options import model_settings, options_of
from face3d.batch.options import arguments, parsed
from face3d.batch.settings_file import as_command, as_toml, for_other_photos
from face3d.errors import BatchError
from face3d.geometry.settings import ModelSettings

SETTINGS = {
    "model": "plaque",
    "formats": ["glb", "stl"],
    "crop": [0, 10, 200, 310],
    "depth-range": [-0.5, 65.535],
    "mask": 'it\'s a "mask"\x7f ä\\.png',
    "prompt": "-an old man\n",
    "faces": 20_000,
    "smoothing": 1.5,
    "perspective": False,
    "background": True,
}
ALL = [
    ModelSettings(),
    ModelSettings(height_mm=120.0, fov_degrees=30.0, face=2, perspective=False),
    ModelSettings(
        height_mm=100.0, remove_outliers=False, smoothing_px=0.0, near_far_ratio=1.25, edge_tolerance=0.1
    ),
    ModelSettings(longest_mm=210.0, base="round", wall_mm=2.0, drain_mm=3.0, foreground_only=False),
    ModelSettings(
        lithophane_shape="cylinder",
        lithophane_thin_mm=0.6,
        lithophane_thick_mm=2.8,
        lithophane_gamma=1.4,
        lithophane_frame_mm=0.0,
        plaque_depth_mm=5.0,
        plaque_base_mm=2.0,
        plaque_frame_mm=0.0,
        face_budget=15_000,
        point_budget=50_000,
    ),
]


def written(tmp_path, text):
    """The words that name a file with this text."""
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    return ["photo.jpg", "--settings", str(path)]


def without_the_file(options):
    """A namespace but for the name of the file."""
    return {name: value for name, value in vars(options).items() if name != "settings"}


def test_a_file_and_a_command_give_the_same_options(tmp_path):
    words = shlex.split(as_command("photo.jpg", SETTINGS))
    assert words[:2] == ["python", "convert.py"]
    by_command = arguments().parse_args(words[2:])
    by_file = parsed(written(tmp_path, as_toml(SETTINGS)))
    assert without_the_file(by_file) == without_the_file(by_command)
    assert by_file.crop == [0, 10, 200, 310] and by_file.mask.name == SETTINGS["mask"]
    assert by_file.prompt == "-an old man\n" and by_file.perspective is False


def test_what_is_of_one_photo_is_not_for_others(tmp_path):
    """And nothing is left of which the command line says that it needs what is left out."""
    settings = SETTINGS | {"matte": "file", "hidden-box": [1, 2, 3, 4], "face": 2, "rotate": "90", "frame": 3}
    settings |= {"depth-map": "a.png", "depth-meaning": "relief", "hidden": "b.png", "seed": 3, "steps": 9}
    kept = for_other_photos(settings)
    assert kept == {
        name: SETTINGS[name]
        for name in ("model", "formats", "faces", "smoothing", "perspective", "background")
    }
    assert for_other_photos({"matte": "none"}) == {"matte": "none"}
    options = vars(parsed(written(tmp_path, as_toml(kept))))
    usual = vars(arguments().parse_args([]))
    about_one = {*ABOUT_PROMPT, *(name.replace("-", "_") for name in settings.keys() - kept.keys())}
    assert {name for name in about_one if options[name] != usual[name]} == set()
    assert about_one >= {"prompt", "negative_prompt", "depth_range", "crop", "mask"}


def test_a_photo_that_begins_like_an_option_is_none():
    assert as_command("-r.jpg", {}) == "python convert.py ./-r.jpg"
    assert as_command("two words.jpg", {}) == "python convert.py 'two words.jpg'"


@pytest.mark.parametrize("matte", ["face", "none"])
@pytest.mark.parametrize("settings", ALL)
def test_the_options_of_settings_give_them_again(settings, matte):
    words = shlex.split(as_command("photo.jpg", options_of(settings, matte) | {"matte": matte}))[2:]
    found = model_settings(arguments().parse_args(words))
    assert found.foreground_only == (settings.foreground_only and matte != "none")
    assert {**vars(found), "foreground_only": None} == {**vars(settings), "foreground_only": None}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {"height_mm": 120.0, "size": "life", "faces": 500, "perspective": False}),
        (["--faces", "900", "--perspective"], {"faces": 900, "perspective": True, "height_mm": 120.0}),
        (["--size", "figure"], {"height_mm": None, "size": "figure"}),
        (["--faces", str(ModelSettings().face_budget)], {"faces": ModelSettings().face_budget}),
    ],
)
def test_what_the_command_line_says_counts_first(words, expected, tmp_path):
    file = written(tmp_path, "height-mm = 120\nfaces = 500\nperspective = false\n")
    options = parsed([*file, *words])
    assert {name: getattr(options, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour = 1", "colour is no setting. A setting has the name of an option, without --; see"),
        ('output = "x"', "output is no setting"),
        ('manifest = "x"', "manifest is no setting"),
        ("image-host-sees-prompt = true", "image-host-sees-prompt is no setting"),
        ("help = true", "help is no setting"),
        ("[model]\nkind = 1", "model must be a number or a text."),
        ('model = "cube"', "model: invalid choice: 'cube'"),
        ('faces = "many"', "faces: invalid int value: 'many'."),
        ("faces = true", "faces must be a number or a text."),
        ('background = "yes"', "background must be true or false."),
        ('formats = "glb"', "formats must be a list."),
        ('formats = ["fbx"]', "fbx: not among glb"),
        ("crop = [1, 2]", "crop: expected 4 arguments."),
        ("faces = ", "settings.toml is no TOML file: Invalid value"),
    ],
)
def test_a_file_of_no_use_is_one_sentence(text, says, tmp_path, capsys):
    assert convert.main(written(tmp_path, text)) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and says in said and "settings.toml" in said


def test_a_file_that_is_not_there_or_no_text_is_said(tmp_path):
    with pytest.raises(BatchError, match=r"absent.toml cannot be read: No such file"):
        parsed(["--settings", str(tmp_path / "absent.toml")])
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(BatchError, match=r"photo.jpg is no TOML file"):
        parsed(["--settings", str(tmp_path / "photo.jpg")])
