"""The vendored three.js: its size, its licence, and that it names no host to ask."""

import re

from face3d.export.html_viewer import THREE_FOLDER as THREE


def test_three_is_small_licensed_and_names_no_host():
    script = (THREE / "three.min.js").read_text(encoding="utf-8")
    assert len(script.encode()) <= 700_000
    assert "MIT licence" in script[:200] and "three.js authors" in (THREE / "LICENSE").read_text("utf-8")
    assert set(re.findall(r"https?://[\w./-]+", script)) <= {"http://www.w3.org/1999/xhtml"}  # a namespace
    version = re.search(r"three@([\d.]+)", (THREE / "build.sh").read_text("utf-8"))[1]
    assert f"three.js {version}," in script[:200]
