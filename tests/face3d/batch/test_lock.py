"""One run at a time into a folder."""

import subprocess
import sys

import pytest

from face3d.batch.lock import NAME, only_run_into
from face3d.errors import BatchError, ExportError

HOLD = """
import sys
from pathlib import Path
from face3d.batch.lock import only_run_into
with only_run_into(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_refused_by_the_name_of_the_folder_until_the_first_has_ended(tmp_path):
    out = tmp_path / "out"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BatchError, match=r"Another run is writing into .*out/. Wait"), only_run_into(out):
        pass
    holder.kill()  # nothing is cleaned up
    holder.communicate()
    assert (out / NAME).exists()
    with only_run_into(out):
        pass
    assert list(out.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="cannot be written"), only_run_into(tmp_path / "file" / "out"):
        pass
