"""What is written beside the weights."""

import torch

from face3d.depth import checkpoints
from face3d.depth.face.interface import Configuration
from face3d.depth.registry import NETWORKS
from training.release.pack import FIRST_KIND, PEOPLE, facts_of, write_weights


def test_the_page_shows_the_figures_of_the_first_kind(tmp_path, monkeypatch):
    figures = {FIRST_KIND: {"face relief %": 3.141, "face normals": 11.9}, PEOPLE: {"face relief %": 9.0}}
    facts = facts_of(7, figures)
    assert facts["samples_seen"] == "7" and "9.0" in facts["held_out_figures_of_others"]
    path = tmp_path / "face.safetensors"
    write_weights({"a": torch.zeros(1)}, Configuration(), facts, path)
    monkeypatch.setattr(checkpoints, "find", lambda spec: path)
    assert "3.1 %" in checkpoints.accuracy_text(NETWORKS["face"])
