"""A picture from an image server: the real client against a server of this machine."""

import base64
import json

import pytest
from api_server import cut, drip, running
from sample_files import ASTRONAUT, ASTRONAUT_HWC

from face3d.assistant.server import Server
from face3d.errors import AssistantError, ImagineError
from face3d.imagine import image_server
from face3d.imagine.draw import draw, find_model
from face3d.imagine.words import Words

WORDS = Words("a girl with red hair")


@pytest.fixture
def server():
    with running() as server:
        yield server


def said(**picture):
    """The body of an answer of the image API."""
    return json.dumps({"created": 0, "data": [picture]}).encode()


GOOD = said(b64_json=base64.b64encode(ASTRONAUT).decode())


def refused(code):
    return 400, {}, json.dumps({"error": {"code": code, "message": "no"}}).encode()


def drawn(server, words=WORDS, seconds=20.0):
    to = Server(server.url, "painter", "sk-secret", seconds, image_server.VARIABLE)
    return draw(words, find_model("server"), lambda stage: None, server=to)


def test_a_good_answer_is_the_picture(server):
    server.answers = [(200, {}, GOOD)]
    picture = drawn(server)
    photo = picture.photo("x.png")
    assert photo.size_hw == ASTRONAUT_HWC.shape[:2]
    assert picture.facts["model"] == "painter" and picture.facts["source"] == "127.0.0.1"
    assert picture.facts["seed"] is None and picture.facts["prompt"] == WORDS.prompt
    ((path, headers, question),) = server.asked
    assert path == "/v1/images/generations" and headers["authorization"] == "Bearer sk-secret"
    assert question["prompt"] == WORDS.text and question["response_format"] == "b64_json"


def test_a_server_that_refuses_the_format_is_asked_without_it(server):
    server.answers = [refused("unknown_parameter"), (200, {}, GOOD)]
    assert drawn(server).png
    assert "response_format" not in server.asked[1][2]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([refused("content_policy_violation")], "refuses this description"),
        ([refused(None), refused(None)], "status 400"),
        ([(401, {}, b"{}")], "refuses the key"),
        ([(404, {}, b"{}")], "Set OPENAI_IMAGE_MODEL"),
        ([(429, {"retry-after": "3600"}, b"{}")], "no more questions"),
        ([(307, {"location": "http://example.org/"}, b"")], "status 307"),
        ([(200, {}, said(url="http://example.org/x.png"))], "an address in place of a picture"),
        ([(200, {}, said(b64_json="ab%"))], "no answer of the image API"),
        ([(200, {}, said(b64_json=base64.b64encode(b"GIF89a").decode()))], "no picture"),
        ([(200, {}, b'{"data": []}')], "no answer"),
        ([(200, {}, b"[]")], "no answer"),
        ([cut], "broke off"),
        ([drip], "within 1 seconds"),
    ],
)
def test_a_failure_is_one_sentence_without_the_key(server, answers, sentence):
    server.answers, count = list(answers), len(answers)
    with pytest.raises((ImagineError, AssistantError), match=sentence) as caught:
        drawn(server, seconds=1.0)
    assert "sk-secret" not in str(caught.value)
    assert len(server.asked) == count


def test_an_answer_without_an_end_is_not_read_to_it(server, monkeypatch):
    monkeypatch.setattr(image_server, "LARGEST_ANSWER", 1_000_000)
    server.answers = [(200, {}, b" " * 10_000_000)]
    with pytest.raises(AssistantError, match="more than 1000 kB"):
        drawn(server)


def test_nothing_is_sent_without_consent_to_a_host_elsewhere(monkeypatch):
    monkeypatch.setattr(Server, "client", lambda _: pytest.fail("a client was made"))
    elsewhere = Server("https://api.openai.com/v1", "painter")
    with pytest.raises(AssistantError, match=r"api\.openai\.com would get the description"):
        draw(WORDS, find_model("server"), lambda stage: None, server=elsewhere)


@pytest.mark.parametrize("fields", [{"negative": "hat"}, {"steps": 5}, {"side": 512}])
def test_what_the_api_has_no_place_for_is_refused(server, fields):
    with pytest.raises(ImagineError, match="the description alone"):
        drawn(server, Words("a girl", **fields))
    assert server.asked == []
