"""Inpainting by a pipeline of the diffusers library, an optional extra: a folder, or an id of the hub."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from PIL import Image

from face3d.completion.hidden_side import Painter
from face3d.errors import CompletionError
from face3d.structures import Array

PROMPT = "portrait photo of the head of a person, skin and hair, soft even light"
SEED = 0
MULTIPLE, LARGEST_SIDE = 64, 512
"""Sides of the pictures that pipelines take, pixels."""
STEPS = 25


def require_pipeline(checkpoint: str | None) -> str:
    """The pipeline that is named. Raises: CompletionError where none is, and where the library is missing."""
    if not checkpoint:
        raise CompletionError(
            "The completion diffusers needs a pipeline: name its folder or its id on the Hugging Face hub "
            "(--complete-pipeline)."
        )
    if find_spec("diffusers") is None or find_spec("transformers") is None:
        raise CompletionError(
            "The completion diffusers needs the diffusers library: "
            f"{sys.executable} -m pip install -r requirements-extra.txt."
        )
    return checkpoint


def pipeline_painter(checkpoint: str | None) -> Painter:
    """The pipeline ready to paint. The same pipeline gives the same picture on the same machine.

    Only safetensors are read, and code inside a checkpoint is never run.
    Raises: CompletionError where no pipeline is named, the library is missing, or the pipeline is of no use.
    """
    pipeline = _load(require_pipeline(checkpoint))

    def paint(rgb_hwc: Array, hole_hw: Array) -> Array:
        import torch

        height, width = hole_hw.shape
        scale = min(1.0, LARGEST_SIDE / max(height, width))
        rows, columns = (max(1, round(side * scale / MULTIPLE)) * MULTIPLE for side in (height, width))
        small_hwc = cv2.resize(rgb_hwc, (columns, rows), interpolation=cv2.INTER_AREA)
        hole = cv2.resize(hole_hw.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA) > 0
        painted = pipeline(
            prompt=PROMPT,
            image=Image.fromarray(small_hwc),
            mask_image=Image.fromarray(hole.astype(np.uint8) * 255),
            height=rows,
            width=columns,
            num_inference_steps=STEPS,
            generator=torch.Generator("cpu").manual_seed(SEED),
        ).images[0]
        painted_hwc = cv2.resize(
            np.asarray(painted.convert("RGB")), (width, height), interpolation=cv2.INTER_LINEAR
        )
        return np.where(hole_hw[..., None], painted_hwc, rgb_hwc)

    return paint


def _load(checkpoint: str) -> Any:
    import torch
    from diffusers import AutoPipelineForInpainting

    try:
        pipeline = AutoPipelineForInpainting.from_pretrained(checkpoint, use_safetensors=True)
    except Exception as error:  # of the hub, of files and of classes: they have no common base
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise CompletionError(
            f"{checkpoint} is no inpainting pipeline that can be loaded ({reason}). "
            "Name a folder that diffusers has saved, or the id of one on the hub."
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to("cuda" if torch.cuda.is_available() else "cpu")
