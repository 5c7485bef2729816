"""*Advice* in step 3: what is in the photo, what may go wrong, and settings that suit it, line by line."""

from __future__ import annotations

import os
from importlib.util import find_spec

import streamlit as st

from face3d.assistant import rules
from face3d.assistant.advice import Advice, SettingAdvice
from face3d.assistant.chat import SIDE
from face3d.assistant.server import Server
from face3d.completion.table import COMPLETIONS
from face3d.errors import AssistantError
from face3d.geometry.settings import ModelSettings
from page.advice_question import Question
from page.advice_settings import FACE, apply, apply_completion, described, is_set, on_the_page
from page.matte_choice import MATTE_KEY, matte_label
from page.plain_text import as_text
from page.session import DepthResult, Session

RULES, CHAT = "Rules", "A chat server"
ADVISERS_HELP = (
    "Rules: built in, from measured figures; nothing is sent. A chat server: one that speaks the OpenAI chat "
    "API with pictures, here (Ollama, llama.cpp, LM Studio) or elsewhere."
)


def advice_panel(session: Session, result: DepthResult, settings: ModelSettings) -> None:
    """Show who advises and the advice. settings: of the model as it is now."""
    adviser = st.segmented_control(
        "Advice by", [RULES, CHAT], default=RULES, required=True, help=ADVISERS_HELP, key="adviser"
    )
    if adviser == RULES:
        advice: Advice | None = session.cache.get_or_make(
            ("advice", result.key, settings.face),
            lambda: rules.advise(result.photo, result.depth_map, settings.face),
        )
        source = "the rules"
    else:
        advice = _of_server(session, result, settings.face)
        source = f"the model at {session.question.server.host}" if session.question else ""
    if advice is None:
        return
    if advice.note:
        st.warning(as_text(advice.note))
        source = "the rules instead"
    advice = on_the_page(advice, result.depth_map, picks_face=session.face_picker is not None)
    _show(session, result, advice, settings, source)


def _of_server(session: Session, result: DepthResult, face: int) -> Advice | None:
    """Ask for the server and for consent, and wait for the answer; None where there is none yet.

    face: the number of the one that is modelled.
    """
    if find_spec("openai") is None:
        st.warning("This needs the package openai: `pip install -r requirements-extra.txt`.")
        return None
    question = session.question
    if question and question.about != (result.key, face):
        question.take_back()
        question = session.question = None
    server = _server()
    try:
        host = server.host
    except AssistantError as error:
        st.error(as_text(str(error)))
        return None
    place = st.container()  # the button is back as soon as there is an answer
    if question and question.pending:
        _wait_for(question)
    with place:
        if st.button("Ask", icon=":material/send:", key="ask the server"):
            session.consent_asked = None if server.is_here else server
            if server.is_here:
                question = session.question = Question(result, face, server, host_sees_photo=False)
                _wait_for(question)
        if session.consent_asked == server:
            _ask_for_consent(session, result, face, server, host)
    if question and question.taken_back:
        st.info("The question was taken back.")
        return None
    return question.advice if question else None


def _server() -> Server:
    """Show the widgets of the server.

    The environment's key never reaches the browser, and it goes to the environment's server only.
    """
    usual = Server.of_environment()
    address = st.text_input("Address", usual.base_url, key="assistant address", autocomplete="off")
    model = st.text_input("Model", usual.model, key="assistant model", autocomplete="off")
    is_usual = address == usual.base_url
    known = is_usual and bool(os.environ.get("OPENAI_API_KEY"))
    key = st.text_input(
        "Key",
        type="password",
        placeholder="the one of OPENAI_API_KEY" if known else "none",
        help="Kept for this visit only, and sent to this address alone.",
        key="assistant key",
        autocomplete="new-password",
    )
    return Server(address.strip(), model.strip(), key or (usual.key if is_usual else ""))


def _ask_for_consent(session: Session, result: DepthResult, face: int, server: Server, host: str) -> None:
    """Name the host, and send nothing until the visitor agrees; once for each question."""

    def agree() -> None:
        session.consent_asked = None
        session.question = Question(result, face, server, host_sees_photo=True)

    st.warning(
        f"{as_text(host)} is another computer. It would get this photo, without metadata and at most "
        f"{SIDE} pixels large, and what the rules say of it."
    )
    with st.container(horizontal=True):
        st.button(f"Send the photo to {as_text(host)}", on_click=agree, key="agree")
        st.button("Do not send", on_click=lambda: setattr(session, "consent_asked", None), key="disagree")


def _wait_for(question: Question) -> None:
    """Wait for the answer, with its time limit and a button to take the question back."""
    slot = st.empty()
    with slot.container():
        bar = st.progress(0.0, "Asking")
        st.button("Cancel", icon=":material/close:", on_click=question.take_back, key="take back")
    limit, host = question.server.seconds, as_text(question.server.host)

    def report(seconds: float) -> None:
        bar.progress(min(1.0, seconds / limit), f"Asking {host}: {seconds:.0f} of {limit:.0f} s")

    question.wait(report)
    slot.empty()


def _show(
    session: Session, result: DepthResult, advice: Advice, settings: ModelSettings, source: str
) -> None:
    """The advice in lines, which scroll; those about a setting can be applied, and below them all of it."""
    with st.container(gap="small", key="advice lines"):
        st.markdown(f"{as_text(advice.contents)}  \n:small[Advice by {as_text(source)}.]")
        if sentences := [as_text(said) for said in [*advice.problems, advice.texture] if said]:
            st.markdown("\n".join(f"- {said}" for said in sentences))
        _matte_line(advice)
        _completion_line(session, result, advice)
        for line in advice.settings:
            _setting_line(session, result, advice, line, is_set(line, settings))
        if advice.alternative_text:
            st.caption(f"Text for screen readers: {as_text(advice.alternative_text)}")
    left = [line for line in advice.settings if not is_set(line, settings)]
    pressed = st.button(
        "Apply all",
        disabled=not left,
        on_click=apply,
        args=(session, result.key, advice, advice.settings),
        width="stretch",
        key="apply all",
    )
    if pressed and any(line.name == FACE for line in left):
        st.rerun()  # step 1, too


def _setting_line(
    session: Session, result: DepthResult, advice: Advice, line: SettingAdvice, done: bool
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"advice {line.name}"):
        st.markdown(f"**{described(line)}**  \n{as_text(line.reason)}", width="stretch")
        pressed = st.button(
            "Applied" if done else "Apply",
            disabled=done,
            on_click=apply,
            args=(session, result.key, advice, [line]),
            key=f"apply {line.name}",
        )
    if pressed and line.name == FACE:
        st.rerun()  # step 1, too


def _matte_line(advice: Advice) -> None:
    """The matte that is advised, where it is not the one of step 2. It asks for a new depth map."""
    if advice.matte is None or advice.matte == st.session_state.get(MATTE_KEY):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="advice matte"):
        reason = f"{as_text(advice.matte_reason)} It takes a new depth map."
        st.markdown(f"**{matte_label(advice.matte)}**  \n{reason}", width="stretch")
        chosen = advice.matte
        if st.button("Choose", key="apply matte", on_click=lambda: _choose_matte(chosen)):
            st.rerun()


def _completion_line(session: Session, result: DepthResult, advice: Advice) -> None:
    """The engine that is advised; to apply it completes the model, to be kept or discarded."""
    if advice.completion is None:
        return
    done = any(
        held and held.key.completed_as[1] == advice.completion for held in (session.tried, session.kept)
    )
    spec = COMPLETIONS[advice.completion]
    with st.container(horizontal=True, vertical_alignment="center", key="advice completion"):
        size = f" It takes a download, {spec.size_text}." if spec.files else ""
        st.markdown(
            f"**Complete the model: {spec.title}**  \n{as_text(advice.completion_reason)}{size}",
            width="stretch",
        )
        st.button(
            "Applied" if done else "Apply",
            disabled=done,
            on_click=apply_completion,
            args=(session, result.key, advice),
            key="apply completion",
        )


def _choose_matte(name: str) -> None:
    st.session_state[MATTE_KEY] = name
