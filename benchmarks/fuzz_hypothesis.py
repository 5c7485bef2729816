"""Mutated photos that hypothesis draws: found ones are made as small as it can."""

from __future__ import annotations

import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

EXAMPLES = 300
"""Of one round; rounds follow each other until the time is over."""
HEADER = 800
"""Bytes at the start that are changed as often as all others together."""
FINE = "read", "refused"


class Finding(AssertionError):
    """A file that was neither read nor refused with a sentence."""


def hypothesis_rounds(
    files: Mapping[str, bytes],
    outcome_of: Callable[[str, bytes], str],
    minutes: float,
    first_seed: int,
    findings: Path,
) -> Counter[tuple[str, str]]:
    """How often what became of the files of each name; the smallest finding of a round is written.

    files: whole ones by name. outcome_of: what becomes of a name and bytes, one of FINE where all is well.
    """
    counts: Counter[tuple[str, str]] = Counter()
    last: tuple[str, bytes, str] | None = None

    def tried(name: str, data: st.DataObject) -> None:
        nonlocal last
        body = _drawn(files[name], data)
        said = outcome_of(name, body)
        counts[name, said if said in FINE else "finding"] += 1
        if said not in FINE:
            last = name, body, said
            raise Finding(said)

    # Every round but the last draws all its examples; what fails is made smaller and tried a last time.
    settled = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    end, number = time.monotonic() + 60 * minutes, first_seed
    while time.monotonic() < end:
        last = None
        try:
            seed(number)(settled(given(st.sampled_from(sorted(files)), st.data())(tried)))()
        except Finding as error:
            _written(findings, number, last, str(error))
        number += 1
    return counts


def _drawn(whole: bytes, data: st.DataObject) -> bytes:
    """A file with some bytes changed, doubled or cut, and of PNG often with true checksums."""
    body = bytearray(whole)
    place = st.integers(0, min(HEADER, len(body) - 1)) | st.integers(0, len(body) - 1)
    for at, change in data.draw(st.lists(st.tuples(place, CHANGES), max_size=8)):
        kind, value = change
        at = min(at, len(body) - 1)
        if kind == "byte":
            body[at] = value
        elif kind == "most":
            body[at : at + 4] = b"\xff\xff\xff\x7f"
        elif kind == "double":
            body[at:at] = body[at : at + value]
        elif len(body) > value + 1:
            del body[at : at + value]
    if body.startswith(b"\x89PNG") and data.draw(st.booleans()):
        body = _with_true_checksums(body)
    if data.draw(st.integers(0, 3)) == 3:
        del body[data.draw(st.integers(1, max(1, len(body)))) :]
    return bytes(body)


CHANGES = (
    st.tuples(st.just("byte"), st.integers(0, 255))
    | st.tuples(st.just("most"), st.just(0))
    | st.tuples(st.sampled_from(["double", "cut"]), st.integers(1, 200))
)


def _with_true_checksums(png: bytearray) -> bytearray:
    """So that a decoder reads what was changed; up to the first chunk that claims more than there is."""
    at = 8
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if at + 12 + length > len(png):
            break
        png[at + 8 + length : at + 12 + length] = struct.pack(">I", zlib.crc32(png[at + 4 : at + 8 + length]))
        at += 12 + length
    return png


def _written(findings: Path, number: int, last: tuple[str, bytes, str] | None, said: str) -> None:
    if last is None:
        return
    findings.mkdir(parents=True, exist_ok=True)
    path = findings / f"hypothesis_{number:05}_{last[0]}"
    path.write_bytes(last[1])
    print(f"{path}: {said}", flush=True)
