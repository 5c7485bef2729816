"""The page with the stand-in network, for `streamlit run` in tests."""

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import stand_in  # noqa: E402

import inference_desk  # noqa: E402

inference_desk.load_network, inference_desk.predict = stand_in.load_network, stand_in.predict
runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
