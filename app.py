"""The page: one photo of a face, its depth map, a 3D model. Start it with `make run` or `streamlit run
app.py`.
"""

from pathlib import Path

import streamlit as st

from page.depth_step import depth_step
from page.model_step import model_step
from page.photo_step import look_for_faces, photo_step
from page.session import session, shared_queue

PAGE = Path(__file__).with_name("page")

st.set_page_config(page_title="Photo to 3D face", page_icon=str(PAGE / "icon.svg"), layout="wide")
st.html(PAGE / "page.css")
shared_queue()

st.title("Photo to 3D face", anchor=False)
st.markdown(
    "One photo in; a depth map and a model to turn, keep and print out. Everything is computed on this computer."
)

visit = session()
with st.container(border=True, key="step photo"):
    progress = photo_step(visit)
with st.container(border=True, key="step depth"):
    depth = depth_step(visit)
with st.container(border=True, key="step model"):
    model_step(visit, depth)
look_for_faces(visit, progress)
