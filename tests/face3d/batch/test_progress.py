"""The line that counts, and how long is left."""

import io

import pytest

from face3d.batch.manifest import Outcome, Task
from face3d.batch.progress import Progress, duration


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (11_100, "3 h 5 min")]
)
def test_a_duration_is_rounded_for_people(seconds, said):
    assert duration(seconds) == said


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
