"""Streamlit's command line, for a page that spares a machine without a graphics card.

    python -m tests.browser.coarse_server run app.py

Light detail is a good deal lighter, and chosen at first; the others are as they are. A turntable is small and
short. A photo that was seen before is not looked at again. A visit ends two seconds after its connection was
lost, in place of two minutes.
"""

import gc
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from stand_in import with_memory
from streamlit.web import cli

from face3d.export import turntable
from page import inference_queue, visits
from page.model_controls import DETAIL, REMEMBERED

if __name__ == "__main__":
    DETAIL["Light"] = {"grid_side": 64, "point_budget": 4_000, "face_budget": 6_000}
    REMEMBERED["detail"] = "Light"
    turntable.SIZE_PX, turntable.FRAMES = 64, 4
    inference_queue.predict = with_memory(inference_queue.predict)
    inference_queue.find_faces = with_memory(inference_queue.find_faces)
    inference_queue.find_turn = with_memory(inference_queue.find_turn)
    visits.KEPT_SECONDS, visits.LOOK_SECONDS = 2.0, 0.2
    gc.freeze()  # Streamlit collects garbage after each run of the page: not among PyTorch's million objects
    cli.main(prog_name="streamlit")
