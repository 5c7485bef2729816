"""Messages of a page whose scripts lie: the values are ignored or clamped, and nobody sees an error."""

import math

import pytest
import streamlit as st
from page_visit import generate, press, session_of
from streamlit.proto.WidgetStates_pb2 import WidgetState

from page.components import components, recalled
from page.model_controls import REMEMBERED, VIEW_TITLES
from page.visit import TOKEN, Visit

pytestmark = pytest.mark.usefixtures("coarse_models")

NAN = math.nan
LIES = {
    "double_array_value": [[], [NAN, NAN], [1e308, -1e308], [-50, 300], [100, 0], [NAN], [1, 2, 3]],
    "double_value": [NAN, math.inf, -1e308, 1e308, -1.0],
    "int_value": [2**62, -(2**62), -1],
    "string_value": ["", "x" * 100_000, "../../etc/passwd", "\0", "None", "<script>"],
    "string_array_value": [[], ["no such option"], ["x" * 10_000] * 100],
    "json_value": ["null", "[]", '{"value": {"a": [1]}}', '{"value": ["Model"]}', '{"value": 1e999}'],
}
"""By the type of a widget's value: what the widget cannot send."""
MOST = max(map(len, LIES.values()))


def lying(page, number):
    """The values of all widgets, each replaced by the lie of this number where there is one."""
    states = page._tree.get_widget_states()
    for state in states.widgets:
        kind = state.WhichOneof("value")
        if kind not in LIES:
            continue
        lie = LIES[kind][number % len(LIES[kind])]
        told = WidgetState(id=state.id)
        if isinstance(lie, list):
            getattr(told, kind).SetInParent()
            getattr(told, kind).data.extend(lie)
        else:
            setattr(told, kind, lie)
        state.CopyFrom(told)
    return states


@pytest.mark.parametrize("number", range(MOST))
def test_values_that_no_widget_sends_change_nothing_that_is_made(page, number):
    generate(page)
    page._run(lying(page, number))
    assert not page.exception
    press(page, "generate depth")
    assert not page.exception
    values = session_of(page).widget_values
    assert all(value is not None for key, value in values.items() if REMEMBERED[key] is not None)


@pytest.mark.parametrize("sent", ["", "x" * 100_000, "../..", "\0"])
def test_a_token_of_a_visit_that_is_none_is_not_taken(monkeypatch, sent):
    monkeypatch.setattr(st, "text_input", lambda *_, **__: sent)
    visit = Visit()
    assert visit.resume() and TOKEN.fullmatch(visit.token)


@pytest.mark.parametrize("said", [None, {"a": 1}, ["Model"], 5, NAN, True])
def test_what_the_browser_kept_is_a_text_or_nothing(monkeypatch, said):
    monkeypatch.setattr(components, "_MEMORY", lambda **_: {"value": said})
    assert recalled("view") is None
    monkeypatch.setattr(components, "_MEMORY", lambda **_: {"value": "Model"})
    assert recalled("view") in VIEW_TITLES
