"""What advice changes on the page: the values that its controls can hold, and what was applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log
from typing import Any

import streamlit as st

from face3d.assistant.advice import Advice, SettingAdvice
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation
from page.depth_request import DepthKey
from page.model_controls import DETAIL, EDGE_TOLERANCES, MODEL
from page.session import ENGINE, AppliedAdvice, Session


@dataclass(frozen=True)
class Control:
    """A widget of step 3: its key, its title, and least value, largest value and step of its numbers."""

    key: str
    title: str
    low: float
    high: float
    step: float

    def nearest(self, value: float) -> float:
        """The value of the widget that is nearest."""
        return round(min(max(round(value / self.step) * self.step, self.low), self.high), 2)


CONTROLS = {
    "smoothing_px": Control("smoothing", "Smoothing, pixels", 0.0, 8.0, 0.5),
    "edge_tolerance": Control("edge tolerance", "Edge tolerance", *EDGE_TOLERANCES, 0.01),
    "near_far_ratio": Control("relief strength", "Relief strength", 1.05, 4.0, 0.05),
    "fov_degrees": Control("field of view", "Field of view, degrees", 5, 100, 1),
}
"""By the field of ModelSettings. `face_budget` belongs to *Detail*, `face` to the picker of step 1."""
TRIANGLES, FACE = "face_budget", "face"


def on_the_page(advice: Advice, depth: DepthMap, *, picks_face: bool) -> Advice:
    """The advice as far as the page has controls that change something for this depth map, in their steps.

    picks_face: whether step 1 has a picker of the face whose person is modelled.
    """
    kept = [_fitted(setting) for setting in advice.settings if _has_control(setting, depth, picks_face)]
    return replace(advice, settings=tuple(kept))


def _has_control(setting: SettingAdvice, depth: DepthMap, picks_face: bool) -> bool:
    if setting.name == "near_far_ratio":
        return depth.representation is DepthRepresentation.RELATIVE_INVERSE
    if setting.name == FACE:
        return picks_face and setting.value <= len(depth.faces)
    return setting.name in CONTROLS or setting.name == TRIANGLES


def _fitted(setting: SettingAdvice) -> SettingAdvice:
    if setting.name == TRIANGLES:
        return replace(setting, value=float(DETAIL[_detail(setting.value)][TRIANGLES]))
    if setting.name == FACE:
        return setting
    return replace(setting, value=CONTROLS[setting.name].nearest(setting.value))


def _detail(triangles: float) -> str:
    """The detail whose number of triangles has the nearest ratio to this one."""
    return min(DETAIL, key=lambda name: abs(log(DETAIL[name][TRIANGLES] / max(triangles, 1))))


def described(setting: SettingAdvice) -> str:
    """A line's control and value, such as 'Smoothing, pixels: 1.5'."""
    if setting.name == TRIANGLES:
        return f"Detail: {_detail(setting.value)}"
    if setting.name == FACE:
        return f"Person: face {setting.value:.0f}"
    return f"{CONTROLS[setting.name].title}: {setting.value:g}"


def is_set(setting: SettingAdvice, settings: ModelSettings) -> bool:
    """Whether the model has the value of a line."""
    return bool(getattr(settings, setting.name) == setting.value)


def apply(session: Session, key: DepthKey, advice: Advice, lines: Iterable[SettingAdvice]) -> None:
    """Set the controls to the values of some lines of an advice, and note it; in a callback only."""
    applied = _applied(session, key)
    for line in lines:
        applied.lines[line.name] = line, advice
        if line.name == FACE:
            session.pick_face(int(line.value))
            if session.question:  # its answer is about this person as well
                session.question.about = key, int(line.value)
            continue
        control, value = _widget_value(line)
        st.session_state[control] = value


def apply_completion(session: Session, key: DepthKey, advice: Advice) -> None:
    """Choose the engine of an advice, have it complete the model, and note it; in a callback only."""
    _applied(session, key).completion = advice
    session.tried = session.kept = None
    session.completion_choices[ENGINE] = advice.completion
    st.session_state[ENGINE] = advice.completion
    st.session_state["show"] = MODEL  # before and after are those of the files
    session.completion_advised = True


def _applied(session: Session, key: DepthKey) -> AppliedAdvice:
    """What was applied to the model of a depth map, so far."""
    if session.applied.depth_key != key:
        session.applied = AppliedAdvice(key)
    return session.applied


def _widget_value(setting: SettingAdvice) -> tuple[str, Any]:
    if setting.name == TRIANGLES:
        return "detail", _detail(setting.value)
    control = CONTROLS[setting.name]
    return control.key, int(setting.value) if isinstance(control.step, int) else float(setting.value)


def in_effect(
    applied: AppliedAdvice, key: DepthKey, settings: ModelSettings, engine: str | None
) -> tuple[Advice, ...]:
    """For the mesh report: what was applied and not changed since, an advice for each assistant.

    engine: by which the files are completed, None for none.
    """
    if applied.depth_key != key:
        return ()
    by_source: dict[Advice, list[SettingAdvice]] = {}
    if applied.completion and applied.completion.completion == engine:
        by_source[applied.completion] = []
    for line, advice in applied.lines.values():
        if is_set(line, settings):
            by_source.setdefault(advice, []).append(line)
    return tuple(
        replace(advice, settings=tuple(lines)).in_use(
            key.matte, engine if advice == applied.completion else None
        )
        for advice, lines in by_source.items()
    )
