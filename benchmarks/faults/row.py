"""One row of the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One fault. check: brings it about in an empty folder, and returns what was measured.

    It raises NotOkError where something else came out than was expected, and SkippedError where this machine
    cannot bring it about. expected: the right outcome.
    """

    fault: str
    expected: str
    check: Callable[[Path], str]
