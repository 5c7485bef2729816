"""The table of faults: what it says of a row, and that the page in docs/ is of these rows."""

from pathlib import Path

import pytest

from benchmarks.faults.__main__ import ROWS, main, measure, page
from benchmarks.faults.row import Row
from benchmarks.faults.runs import Ended, NotOkError, SkippedError

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text().partition("\n## ")[0]


def raising(error):
    def check(_):
        raise error

    return check


def test_a_row_is_ok_not_ok_or_skipped():
    checks = lambda _: "all | whole", raising(NotOkError("two\nhalves")), raising(SkippedError("no root"))
    results = [measure(Row("Disk full", "whole", check)) for check in checks]
    assert [result.verdict for result in results] == ["ok", "**not ok**", "skipped"]
    made = page(results)
    assert "1 of 3 rows are ok, 1 skipped" in made
    assert "| Disk full | whole | ok | all \\| whole |" in made
    assert "| Disk full | whole | **not ok** | two halves |" in made


@pytest.mark.parametrize(
    "ended", [Ended(1, "failed", 0), Ended(0, "Traceback (most recent", 0), Ended(0, "done", 0)]
)
def test_a_run_that_ends_otherwise_is_not_ok(ended):
    with pytest.raises(NotOkError):
        ended.expect(0, "failed")


def test_the_page_has_every_row_and_none_is_not_ok():
    cells = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]
    assert [cell[0].removeprefix("| ") for cell in cells] == [row.fault for row in ROWS]
    assert {cell[2] for cell in cells} <= {"ok", "skipped"}


def test_writing_the_table_keeps_what_stands_after_it(tmp_path, monkeypatch):
    path = tmp_path / "faults.md"
    path.write_text("# Faults\n\n| old | table |\n\n## Damaged files\n\nFigures.\n")
    monkeypatch.setattr("benchmarks.faults.__main__.ROWS", [Row("Disk full", "whole", lambda _: "all")])
    monkeypatch.setattr("sys.argv", ["faults", "--write", str(path)])
    assert main() == 0
    written = path.read_text()
    assert "old" not in written and "| Disk full | whole | ok | all |" in written
    assert written.endswith("\n\n## Damaged files\n\nFigures.\n")
