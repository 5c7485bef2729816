"""*Advice* in step 3: what is applied, what is recorded, and that no server gets a photo unasked."""

import json
import socket
from dataclasses import replace

import pytest
import stand_in
from api_server import running
from chat_server import GOOD, said
from page_visit import downloads, generate, press, session_of, texts, upload
from sample_files import MIRRORED

from face3d.assistant.server import Server
from page import advice_panel, inference_queue

pytestmark = pytest.mark.usefixtures("coarse_models", "stand_in_network")


@pytest.fixture
def server(monkeypatch):
    for variable in ("OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    with running() as server:
        yield server


@pytest.fixture
def no_connections(monkeypatch):
    """Every attempt to connect is an error, and counted."""
    tried = []

    def connect(_socket, address):
        tried.append(address)
        raise OSError("not in this test")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.fixture
def advice_of_report(monkeypatch):
    def advice(page):
        [write] = [
            write for name, write in downloads(page, monkeypatch).items() if name.endswith("_report.json")
        ]
        return json.loads(write()).get("advice")

    return advice


def test_the_rules_advise_at_once_and_connect_to_nothing(page, no_connections, advice_of_report):
    generate(page)
    assert "Advice by the rules" in texts(page, "markdown") and advice_of_report(page) is None
    page.slider(key="smoothing").set_value(8.0).run()
    press(page, "apply smoothing_px")
    advised = page.slider(key="smoothing").value
    assert advised < 8 and page.button(key="apply smoothing_px").label == "Applied"
    [advice] = advice_of_report(page)
    assert advice["by"] == "rules"
    assert [(line["name"], line["value"]) for line in advice["settings"]] == [("smoothing_px", advised)]
    assert f"Smoothing, pixels: {advised:g}" in texts(page, "markdown")
    page.slider(key="smoothing").set_value(8.0).run()
    assert advice_of_report(page) is None
    assert no_connections == []


def choose_server(page, url):
    page.session_state["adviser"] = advice_panel.CHAT
    page.run()
    page.text_input(key="assistant address").set_value(url).run()


def test_a_server_here_is_asked_and_its_advice_is_applied_and_recorded(page, server, advice_of_report):
    settings = [
        {"name": "smoothing_px", "value": 99, "reason": "Noise."},
        {"name": "face_budget", "value": 700, "reason": "Small."},
        {"name": "fov_degrees", "value": 63.2, "reason": "A telephone."},
    ]
    server.answers = [(200, {}, said(GOOD | {"settings": settings, "problems": ["![x](http://y/z.png)"]}))]
    generate(page)
    choose_server(page, server.url)
    assert server.asked == []
    page.text_input(key="assistant key").set_value("sk-secret").run()
    press(page, "ask the server")
    assert len(server.asked) == 1 and GOOD["contents"] in texts(page, "markdown")
    assert "![x]" not in texts(page, "markdown")
    press(page, "apply all")
    values = [page.slider(key=key).value for key in ("smoothing", "field of view")]
    assert values == [8.0, 63] and page.select_slider(key="detail").value == "Light"
    [advice] = advice_of_report(page)
    assert advice["by"] == "openai" and len(advice["settings"]) == 3
    assert len(server.asked) == 1 and "sk-secret" not in json.dumps(advice)


def test_an_engine_that_is_advised_completes_the_model_and_is_recorded_where_it_is_kept(
    page, server, advice_of_report
):
    answer = GOOD | {"completion": "telea", "completion_reason": "The ear is cut.", "matte": "u2net"}
    server.answers = [(200, {}, said(answer))]
    generate(page)
    choose_server(page, server.url)
    press(page, "ask the server")
    assert "**Complete the model: Telea**  \nThe ear is cut." in texts(page, "markdown")
    assert advice_of_report(page) is None
    press(page, "apply completion")
    assert not page.exception and session_of(page).tried.completion.engine == "telea"
    assert page.button(key="apply completion").label == "Applied" and advice_of_report(page) is None
    press(page, "keep completion")
    [advice] = advice_of_report(page)
    assert (advice["completion"], advice["by"], advice["settings"]) == ("telea", "openai", [])
    assert advice["matte"] is None  # it was not chosen
    assert "**Advised by a chat server** Complete the model: Telea" in texts(page, "markdown")
    press(page, "undo completion")
    assert advice_of_report(page) is None and page.button(key="apply completion").label == "Apply"


def test_person_and_edge_tolerance_are_applied_where_they_are_chosen(page, server, monkeypatch):
    """The picker of step 1 and a slider of step 3; a person who is not there is not offered."""

    def pair(network, photo):
        one = stand_in.predict(network, photo)
        return replace(one, faces=one.faces * 2)

    monkeypatch.setattr(inference_queue, "predict", pair)
    monkeypatch.setattr(inference_queue, "find_faces", lambda network, photo: pair(network, photo).faces)
    upload(page, "twins.jpg", MIRRORED)
    settings = [
        {"name": "face", "value": 2, "reason": "She looks into the camera."},
        {"name": "edge_tolerance", "value": 0.123, "reason": "Thin hair."},
    ]
    server.answers = [
        *[(200, {}, said(GOOD | {"settings": settings}))] * 2,
        (200, {}, said(GOOD | {"settings": [settings[0] | {"value": 3}]})),
    ]
    generate(page)
    choose_server(page, server.url)
    press(page, "ask the server")
    assert "Person: face 2" in texts(page, "markdown")
    press(page, "apply face")
    assert page.radio[0].value == "Face 2" and session_of(page).model_work.inputs.settings.face == 2
    assert page.button(key="apply face").label == "Applied" and not page.warning
    press(page, "apply all")
    assert page.slider(key="edge tolerance").value == 0.12
    assert session_of(page).model_work.inputs.settings.edge_tolerance == 0.12
    page.radio[0].set_value("Face 1").run()
    assert GOOD["contents"] not in texts(page, "markdown")  # it was about the other one
    press(page, "ask the server")
    press(page, "apply all")
    assert page.radio[0].value == "Face 2"
    press(page, "ask the server")
    assert "apply face" not in [button.key for button in page.button]


def test_another_computer_gets_the_photo_only_after_a_yes_to_each_question(page, server, monkeypatch):
    """The server of this machine is taken for another one."""
    monkeypatch.setattr(Server, "is_here", False)
    server.answers = [(200, {}, said(GOOD)), (500, {}, b"{}")]
    generate(page)
    choose_server(page, server.url)
    press(page, "ask the server")
    assert "is another computer" in texts(page, "warning")
    press(page, "disagree")
    assert server.asked == [] and "agree" not in [button.key for button in page.button]
    press(page, "ask the server")
    page.text_input(key="assistant address").set_value(server.url + "/").run()
    assert "agree" not in [button.key for button in page.button]  # that yes would be to another address
    press(page, "ask the server")
    assert server.asked == []
    press(page, "agree")
    assert len(server.asked) == 1 and GOOD["contents"] in texts(page, "markdown")
    press(page, "ask the server")
    assert len(server.asked) == 1  # it asks again
    press(page, "agree")
    assert len(server.asked) == 2 and "status 500" in texts(page, "warning")
    assert "Advice by the rules instead" in texts(page, "markdown")


def test_a_question_that_is_taken_back_is_waited_for_no_longer(page, server):
    """The click comes while the answer is awaited: the run that waits is over, the next one takes it back."""
    server.answers = [lambda handler: (session_of(page).question.take_back(), handler.send_error(500))]
    generate(page)
    choose_server(page, server.url)
    press(page, "ask the server")
    assert texts(page, "info") == "The question was taken back." and not page.exception


def test_the_key_of_the_environment_stays_with_the_server_of_the_environment(page, server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server.answers = [(200, {}, said(GOOD))]
    generate(page)
    choose_server(page, server.url)
    assert page.text_input(key="assistant key").value == ""
    press(page, "ask the server")
    [(_, headers, _)] = server.asked
    assert "sk-secret" not in headers["authorization"]
