"""The line that counts, and how long is left."""

import io
from dataclasses import replace

import numpy as np
import pytest

from face3d.batch.manifest import Outcome, Task
from face3d.batch.progress import Progress, duration, said_of
from face3d.geometry.completed import HEAD_MODEL
from face3d.geometry.settings import ModelSettings
from face3d.structures import Completion
from face3d.synthetic import head, photo_of
from generate_3d_model import generate_model


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (11_100, "3 h 5 min")]
)
def test_a_duration_is_rounded_for_people(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(("asked", "fewer"), [(50_000, True), (60_000, False), (4_000, False)])
def test_fewer_triangles_than_were_asked_for_are_said(asked, fewer):
    """60,000 is the default, which nobody asked for; the report has it all the same."""
    model = generate_model(head(), photo_of((96, 80)), "shell", ModelSettings(face_budget=asked))
    said = said_of("shell", model.report, model.placement.scale, has_faces=True)
    assert (f"{model.report.faces:,} triangles, not {asked:,}: " in said) == fewer
    assert model.report.triangles_asked == asked and bool(model.report.fewer_triangles) == (asked > 4_000)


def test_an_engine_that_was_named_and_adds_nothing_is_said():
    """Of a surface and of a head in parts; an engine that is only the default is not."""
    nothing = Completion("telea", None, np.zeros((9, 9), np.float32), 0.0)
    model = generate_model(head(), photo_of((96, 80)), "shell", ModelSettings(face_budget=2000), nothing)
    scale, of_head = model.placement.scale, replace(model.report, kind="head", unseen_colours=HEAD_MODEL)
    assert "a shell has no hidden side, and telea adds" in said_of(
        "shell", model.report, scale, True, nothing
    )
    said = said_of("head", of_head, scale, True, nothing)
    assert said.endswith(
        "the head model gives the colours of what the photo does not show, and telea adds nothing"
    )
    assert "telea" not in said_of("head", of_head, scale, True, replace(nothing, named=False))


def test_on_a_terminal_one_line_counts(monkeypatch, tmp_path):
    out, err = Terminal(), Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    times = iter(range(0, 1000, 10))
    progress = Progress(6, lambda: next(times))
    task = Task(tmp_path / "a.jpg", "a")
    progress.known()
    progress.finished(task, Outcome("bust"))
    progress.finished(task, Outcome(error="It is bad."))
    progress.end()
    assert out.getvalue() == ""
    lines = [part for part in err.getvalue().split("\r\x1b[K") if part]
    assert lines[:2] == [
        "[###-----------------] 1 of 6 photos",
        "[######--------------] 2 of 6 photos, 3 a minute, 80 s left",
    ]
    assert lines[2] == f"{tmp_path}/a.jpg: failed. It is bad.\n".replace("/", task.path.anchor[-1:] or "/")
    assert lines[-1] == "[##########----------] 3 of 6 photos, 1 failed, 3 a minute, 60 s left\n"
    monkeypatch.setenv("COLUMNS", "30")
    progress = Progress(6)
    progress.show()
    assert err.getvalue().endswith("\r\x1b[K[--------------------] 0 of 6")


def test_elsewhere_each_photo_has_a_line(capsys, tmp_path):
    progress = Progress(6)
    progress.finished(Task(tmp_path / "a.jpg", "a"), Outcome("bust, 1 s"))
    progress.about(Task(tmp_path / "b.jpg", "b"), "It is small.")
    progress.end()
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'a.jpg'}: bust, 1 s\n"
    assert said.err == f"{tmp_path / 'b.jpg'}: It is small.\n"
    progress.about(Task(tmp_path / "b.jpg", "b"), "a\nb.mp4 is small.")  # a name in an error
    assert capsys.readouterr().err == f"{tmp_path / 'b.jpg'}: a\\x0ab.mp4 is small.\n"
