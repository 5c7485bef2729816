"""Streamlit's command line, for a page that spares a machine without a graphics card: figures start coarse, predictions are remembered.

    python -m tests.browser.coarse_server run app.py

Light detail is a good deal lighter, and chosen at first; the others are as they are. A photo that was seen before is not looked at again.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from stand_in import with_memory
from streamlit.web import cli

import inference_desk
from steps.model_step import DETAIL, REMEMBERED

if __name__ == "__main__":
    DETAIL["Light"] = {"grid_side": 64, "point_budget": 4_000, "face_budget": 6_000}
    REMEMBERED["detail"] = "Light"
    inference_desk.predict = with_memory(inference_desk.predict)
    inference_desk.find_faces = with_memory(inference_desk.find_faces)
    cli.main(prog_name="streamlit")
