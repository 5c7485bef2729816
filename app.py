"""The page: one photo of a face, its depth map, a 3D model.

Start it with `make run` or `streamlit run app.py`.
"""

from pathlib import Path

import streamlit as st

from page.answers import ANSWER_HEADERS
from page.components import watch_page
from page.depth_step import depth_step
from page.model_step import model_step
from page.photo_step import holds_work, photo_step, search_faces
from page.session import current_session, shared_queue
from page.visits import ending_visits, note_visit

PAGE = Path(__file__).with_name("page")


def show_page() -> None:
    """The page from top to bottom, for one visitor."""
    st.set_page_config(page_title="Photo to 3D face", page_icon=str(PAGE / "icon.svg"), layout="wide")
    st.html(PAGE / "page.css")
    shared_queue()
    note_visit()

    st.title("Photo to 3D face", anchor=False)
    st.markdown(
        "One photo of a face becomes a depth map and a 3D model to view, save and print. "
        "Everything is computed on this computer, and no photo is stored."
    )

    session = current_session()
    watch_page(step=session.current_step, turn=session.step_turns, unsaved=holds_work(session))
    with st.container(border=True, key="step photo"):
        search_status = photo_step(session)
    with st.container(border=True, key="step depth"):
        depth_result = depth_step(session)
    with st.container(border=True, key="step model"):
        model_step(session, depth_result)
    search_faces(session, search_status)


if __name__ == "__main__":  # each run of the page executes this file; the server imports it once
    show_page()
else:
    app = st.App(__file__, middleware=[ANSWER_HEADERS], lifespan=ending_visits)
