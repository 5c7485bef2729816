"""Path of the people model: PEOPLE_MODEL, else beside the repository; without it its tests are skipped."""

import os
from pathlib import Path

import pytest
from face_model_file import FACE_MODEL, ROOT

PEOPLE_MODEL = Path(os.environ.get("PEOPLE_MODEL", ROOT.parent / "shared" / "people-model" / "makehuman.npz"))
needs_people_model = pytest.mark.skipif(
    not (PEOPLE_MODEL.exists() and FACE_MODEL.exists()),
    reason="no people model here: set PEOPLE_MODEL to makehuman.npz and FACE_MODEL to ict-facekit.npz",
)
