"""The one call that makes a picture of words, by any row of the table or a folder."""

from __future__ import annotations

import os
from pathlib import Path

from face3d.assistant.server import Server
from face3d.errors import ImagineError
from face3d.imagine import image_server
from face3d.imagine.picture import Picture, Report
from face3d.imagine.table import DEFAULT_IMAGE_MODEL, IMAGE_MODELS, ImageModel
from face3d.imagine.words import Words

MODEL_VARIABLE = "PHOTO_TO_3D_FACE_IMAGE_MODEL"
"""Environment variable that names another model than the table's default, or a folder."""


def default_model() -> ImageModel:
    """The model that is taken where none is named. Raises ImagineError for a variable that names none."""
    return find_model(os.environ.get(MODEL_VARIABLE) or DEFAULT_IMAGE_MODEL)


def find_model(name: str) -> ImageModel:
    """The row of this name, or that of a folder with a pipeline of diffusers. Raises ImagineError."""
    if name in IMAGE_MODELS:
        return IMAGE_MODELS[name]
    folder = Path(name)
    if not (folder / "model_index.json").is_file():
        raise ImagineError(
            f"There is no image model '{name}'. Choose one of {', '.join(IMAGE_MODELS)}, or a folder that "
            "holds model_index.json."
        )
    return ImageModel(name, folder.resolve().name, str(folder), "its own; see where the folder comes from")


def draw(
    words: Words,
    model: ImageModel,
    report: Report,
    *,
    server: Server | None = None,
    host_sees_words: bool = False,
) -> Picture:
    """The picture of `words` by `model`.

    report, host_sees_words: see `diffusion.draw` and `image_server.draw`. server: default that of the
    environment.
    Raises ImagineError; AssistantError of a server.
    """
    if model.is_server:
        server = server or image_server.of_environment()
        return image_server.draw(words, model, server, report, host_sees_words=host_sees_words)
    from face3d.imagine import diffusion  # torch takes seconds to import

    return diffusion.draw(words, model, report)
