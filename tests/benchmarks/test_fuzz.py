"""Damaged files of each format, a few of each; `python -m benchmarks.fuzz` reads them for longer."""

import numpy as np

from benchmarks import fuzz


def test_a_few_damaged_files_of_each_format_are_read_or_refused():
    rng, reading = np.random.default_rng(1), fuzz.Reading()
    try:
        for name, data in fuzz.originals().items():
            assert reading.of(name, data) == "read", name
            for number in range(40 if name.endswith(".avi") else 8):  # in a stream those ended the process
                damaged = fuzz.mutated(data, rng)
                assert reading.of(name, damaged) in ("read", "refused"), (name, number)
    finally:
        reading.close()


def test_what_ends_the_process_is_a_finding_and_the_next_file_is_read():
    reading = fuzz.Reading()
    try:
        reading._process.kill()
        assert "the process died" in reading.of("photo.jpg", b"\xff\xd8")
        assert reading.of("photo.jpg", b"\xff\xd8") == "refused"
    finally:
        reading.close()
