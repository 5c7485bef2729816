"""Streamlit's command line, for a page whose faces and depth maps are made at once, without a network.

python -m tests.stand_in_server run app.py
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))

import stand_in
from streamlit.web import cli

from page import inference_queue

if __name__ == "__main__":
    for name in ("predict", "cut_out", "find_faces", "load_network"):
        setattr(inference_queue, name, getattr(stand_in, name))
    inference_queue.find_turn = lambda network, photo: 0
    cli.main(prog_name="streamlit")
