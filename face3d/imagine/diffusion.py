"""A picture by a text-to-image pipeline of the diffusers library, an optional extra.

The pipeline comes from a folder, or from the Hugging Face hub into that library's own cache. Only safetensors
are read, and code inside a checkpoint is never run. Words are sent nowhere, and neither printed nor logged.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from face3d.depth.device import choose_device
from face3d.errors import ImagineError
from face3d.imagine.hub import fetched
from face3d.imagine.picture import Picture, Report, Stage
from face3d.imagine.preview import Preview
from face3d.imagine.table import ImageModel
from face3d.imagine.words import Words

MISSING = (
    "A picture from words needs the diffusers library: "
    f"{sys.executable} -m pip install -r requirements-extra.txt."
)
LOADED, STEPPED = 0.1, 0.95
"""Shares of the work that are done when the pipeline is loaded, and after the last step."""


def is_installed() -> bool:
    """Whether the extra is there; imports nothing."""
    return find_spec("diffusers") is not None and find_spec("transformers") is not None


def draw(words: Words, model: ImageModel, report: Report) -> Picture:
    """The picture of `words`. The same words and seed give the same picture on the same machine.

    report: called while the model is fetched and loaded, and after every step, with a preview. What it raises
    ends the work between two steps.
    Raises ImagineError where the library or the model is missing, or the model does not fit.
    """
    if not is_installed():
        raise ImagineError(MISSING)
    pipeline = _load(model, fetched(model, report), report)
    known = inspect.signature(type(pipeline).__call__).parameters
    if words.negative and "negative_prompt" not in known:
        raise ImagineError(f"{model.title} takes no negative description. Leave it out.")
    words = replace(words, steps=words.steps or model.steps, side=words.side or model.side)
    preview = Preview(pipeline)
    report(Stage("Reading the description", LOADED))

    def stepped(_pipeline: object, step: int, _time: object, tensors: dict[str, Any]) -> dict[str, Any]:
        count = pipeline.num_timesteps
        share = LOADED + (STEPPED - LOADED) * (step + 1) / count
        report(Stage(f"Step {step + 1} of {count}", share, preview.of(tensors["latents"])))
        return {}

    wanted = {
        "prompt": words.text,
        "negative_prompt": words.negative or None,
        "num_inference_steps": words.steps,
        "height": words.side,
        "width": words.side,
        "generator": torch.Generator("cpu").manual_seed(words.seed),  # the same noise on every device
        "callback_on_step_end": stepped,
    }
    try:
        with torch.inference_mode():
            drawn = pipeline(**{name: value for name, value in wanted.items() if name in known})
    except (ValueError, TypeError, IndexError) as error:
        raise ImagineError(
            f"{model.title} made no picture ({_first_line(error)}). Choose another size or another model."
        ) from error
    if any(getattr(drawn, "nsfw_content_detected", None) or ()):
        raise ImagineError(
            f"The safety check of {model.title} holds this picture back. Change the description or the seed."
        )
    return Picture.of(np.array(drawn.images[0].convert("RGB")), words, model, _note(pipeline, words))


def _load(model: ImageModel, folder: Path, report: Report) -> Any:
    """The pipeline of a folder on the fastest device. Raises ImagineError."""
    report(Stage(f"Loading {model.title}", 0.0))
    import diffusers
    import transformers

    diffusers.utils.logging.set_verbosity_error()  # a warning quotes words that are too many for the model
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()  # `report` tells how far it is
    try:
        pipeline = diffusers.DiffusionPipeline.from_pretrained(
            str(folder),
            variant="fp16" if model.files else None,
            use_safetensors=True,
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, SafetensorError) as error:
        raise ImagineError(
            f"{model.title} cannot be loaded ({_first_line(error)}). Name a folder with model_index.json and "
            "its parts as safetensors, as `save_pretrained` of diffusers writes it."
        ) from error
    if not hasattr(pipeline, "vae") or "prompt" not in inspect.signature(type(pipeline).__call__).parameters:
        raise ImagineError(f"{model.title} makes no pictures of words. Name a text-to-image pipeline.")
    pipeline.set_progress_bar_config(disable=True)
    device = choose_device()
    return pipeline.to(device.name, device.dtype)


def _note(pipeline: Any, words: Words) -> str:
    """What is to be said where the model has read a part of the words only."""
    tokenizer = getattr(pipeline, "tokenizer", None)
    most = getattr(tokenizer, "model_max_length", None)
    if tokenizer is None or not isinstance(most, int) or len(tokenizer.tokenize(words.text)) + 2 <= most:
        return ""
    return "The description is longer than the model reads; its end counts for nothing. Say it shorter."


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
