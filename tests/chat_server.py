"""Answers of the chat API, for `api_server`."""

import json

GOOD = {
    "contents": "A woman with long hair.",
    "problems": ["Hair covers one eye."],
    "settings": [{"name": "smoothing_px", "value": 1.5, "reason": "The skin is smooth."}],
    "matte": "face",
    "matte_reason": "There is one person.",
    "texture": "",
    "alternative_text": "A portrait.",
}


def said(content, **message):
    """The body of an answer of the chat API."""
    text = content if isinstance(content, str) else json.dumps(content)
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text, **message}}]}).encode()
