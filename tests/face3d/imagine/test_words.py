"""Words and the table: what is refused, the names of files, and what a model needs."""

from pathlib import Path

import pytest

from face3d.batch.outputs import output_names
from face3d.errors import ImagineError
from face3d.imagine.draw import find_model
from face3d.imagine.table import DEFAULT_IMAGE_MODEL, IMAGE_MODELS
from face3d.imagine.words import NAME_CHARACTERS, PREAMBLE, Words


def test_the_preamble_comes_first_and_can_be_left_out():
    assert Words("a girl,\n red hair").text == f"{PREAMBLE}, a girl, red hair"
    assert Words("a girl", preamble="").text == "a girl"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"prompt": " \n"}, "is empty"),
        ({"prompt": "x" * 1001}, "too many"),
        ({"negative": "x" * 1001}, "too many"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is"),
        ({"steps": 0}, "steps is 0"),
        ({"side": 8}, "size is 8"),
        ({"side": 513}, "Choose 512"),
    ],
)
def test_words_out_of_range_are_one_sentence_with_the_remedy(fields, sentence):
    with pytest.raises(ImagineError, match=sentence):
        Words(**{"prompt": "a man"} | fields)


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("An old man, 50% grey", "an_old_man_50_grey_3"),
        ("../../etc/passwd", "etc_passwd_3"),
        ("con", "con_3"),
        ("<>:|?*", "face_3"),
        ("Ein Mädchen mit Zöpfen", "ein_mädchen_mit_zöpfen_3"),
    ],
)
def test_the_name_is_one_that_files_can_have(tmp_path, prompt, name):
    words = Words(prompt, seed=3)
    assert words.name == name
    assert output_names([tmp_path / f"{name}.png"], tmp_path) == [name]


def test_a_long_name_ends_with_a_word():
    name = Words("an old woman with very short white hair and round glasses").name
    assert name == "an_old_woman_with_very_short_white_hair_0"
    assert len(Words("x" * 500).name) == NAME_CHARACTERS + 2


def test_each_row_states_its_licence_and_the_default_permits_commercial_use():
    for name, row in IMAGE_MODELS.items():
        assert row.name == name and row.licence and row.title
    assert IMAGE_MODELS[DEFAULT_IMAGE_MODEL].licence in ("CreativeML Open RAIL-M", "Apache-2.0", "MIT")


def test_sizes_are_those_of_the_parameters():
    """Counted by diffusers and transformers from the published configurations: two bytes each."""
    parameters = {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480}
    for file in IMAGE_MODELS[DEFAULT_IMAGE_MODEL].files:
        part = file.path.split("/")[0]
        if part in parameters:
            assert file.size == pytest.approx(2 * parameters[part], rel=0.003), part


def test_what_a_model_needs_follows_from_its_files():
    row = IMAGE_MODELS[DEFAULT_IMAGE_MODEL]
    assert row.download_bytes == sum(file.size for file in row.files)
    assert row.memory_bytes > 2 * row.download_bytes
    assert row.download.startswith("2.7 GB") and "GB of memory" in row.needs
    assert not IMAGE_MODELS["server"].download and not IMAGE_MODELS["server"].needs


def test_the_readme_says_what_each_model_needs():
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    for row in IMAGE_MODELS.values():
        line = next(line for line in readme.splitlines() if line.startswith(f"| `{row.name}`"))
        if not row.is_server:
            assert row.licence in line and row.download.split(" are")[0] in line
            assert f"{row.memory_bytes / 1e9:.0f} GB" in line
            assert line.split("|")[-2].strip() in row.needs


def test_a_model_that_there_is_not_is_one_sentence(tmp_path):
    with pytest.raises(ImagineError, match=r"no image model 'nowhere'.*model_index\.json"):
        find_model("nowhere")
    with pytest.raises(ImagineError, match="or a folder"):
        find_model(str(tmp_path))
