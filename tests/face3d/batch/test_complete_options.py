"""Options about what the photo does not show: those that exclude each other, and the mask."""

import argparse
from pathlib import Path

import numpy as np
import pytest
from sample_files import encoded

from face3d.batch.complete_options import add_complete_options, chosen_engine, chosen_hidden
from face3d.completion.table import COMPLETIONS, DEFAULT_COMPLETION
from face3d.errors import CompletionError, PhotoError


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_complete_options(parser)
    return parser.parse_args(words)


def test_symmetry_completes_unless_another_engine_is_named():
    assert chosen_engine(parsed()) == DEFAULT_COMPLETION == "symmetry"
    assert {chosen_engine(parsed("--complete", name)) for name in COMPLETIONS} == set(COMPLETIONS)
    assert chosen_hidden(parsed(), [Path("a.jpg"), Path("b.jpg")]) is None


def test_an_engine_that_is_not_there_is_refused(capsys):
    with pytest.raises(SystemExit):
        parsed("--complete", "magic")
    assert "invalid choice: 'magic'" in capsys.readouterr().err


def test_a_pipeline_belongs_to_its_engine_and_a_mask_to_one_photo(tmp_path):
    with pytest.raises(CompletionError, match="--complete-pipeline is for --complete diffusers"):
        chosen_hidden(parsed("--complete-pipeline", "folder"), [Path("a.jpg")])
    mask = tmp_path / "mask.png"
    mask.write_bytes(encoded(np.full((40, 50), 255, np.uint8), "PNG"))
    with pytest.raises(CompletionError, match=r"belongs to one photo, and 2 are named\. Name one"):
        chosen_hidden(parsed("--hidden", str(mask)), [Path("a.jpg"), Path("b.jpg")])
    assert chosen_hidden(parsed("--hidden", str(mask)), [Path("a.jpg")]).size_hw == (40, 50)


def test_a_mask_that_is_no_picture_is_one_sentence(tmp_path):
    (tmp_path / "mask.png").write_text("none")
    with pytest.raises(PhotoError, match=r"mask\.png"):
        chosen_hidden(parsed("--hidden", str(tmp_path / "mask.png")), [Path("a.jpg")])
