"""Where the ICT face model lies: FACE_MODEL, else beside the repository. Tests that need it are skipped
without it.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FACE_MODEL = Path(os.environ.get("FACE_MODEL", ROOT.parent / "shared" / "face-model" / "ict-facekit.npz"))
needs_face_model = pytest.mark.skipif(
    not FACE_MODEL.exists(), reason="no ICT face model here: set FACE_MODEL to ict-facekit.npz"
)
