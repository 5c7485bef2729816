import os

import pytest

from face3d.errors import ExportError
from face3d.export.files import save


def test_saving_leaves_no_half_written_file(tmp_path, monkeypatch):
    target = tmp_path / "new" / "a.bin"
    save(target, b"first")

    def fails(source, destination):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(ExportError, match="No space left"):
        save(target, b"second")
    assert target.read_bytes() == b"first" and [path.name for path in target.parent.iterdir()] == ["a.bin"]
