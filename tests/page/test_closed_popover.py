"""The values of widgets in a popover, as the browser is told them."""

from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from page.closed_popover import held_while_closed

    st.session_state.setdefault("size", 7)
    popover = st.popover("More", on_change="rerun", key="more")
    with held_while_closed(popover, ["size", "not there"]):
        st.slider("Size", 0, 10, key="size")


def test_a_value_is_sent_in_every_run_until_the_popover_is_open():
    at = AppTest.from_function(page).run()
    for _ in range(2):
        assert at.slider(key="size").proto.set_value and at.slider(key="size").value == 7
        at.run()
    at.session_state["more"] = True
    at.run()
    assert at.slider(key="size").value == 7 and not at.slider(key="size").proto.set_value
    at.slider(key="size").set_value(3).run()
    assert at.slider(key="size").value == 3
