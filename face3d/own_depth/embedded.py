"""Depth that a phone has put into the photo: GDepth and Dynamic Depth in JPEG, depth images in HEIC.

Sources: Google, "Depthmap metadata", encoding (RangeInverse, RangeLinear); ITU-T H.265, depth representation
information, of which types 0 (inverse distance) and 1 (disparity, 1 / metres as Apple stores it) are read.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from face3d.damage import DAMAGE
from face3d.errors import DepthError
from face3d.framing import same_proportions
from face3d.own_depth.files import level_shares
from face3d.own_depth.values import OwnDepth, between, between_inverse, check_size, checked
from face3d.own_depth.xmp import depth_in_jpeg
from face3d.photo import HEIF_SIGNATURES, UPRIGHT, exif_facts, heif_available, short_name, transposed
from face3d.structures import Array, DepthRepresentation

ORIGIN = "the photo's own depth map"
JPEG_SIGNATURE = b"\xff\xd8\xff"
METRES = {"m": 1.0, "meters": 1.0, "mm": 0.001}
"""By the unit of GDepth (which is metres where none is stated) or Dynamic Depth."""
INVERSE_DISTANCE, DISPARITY = 0, 1
"""Types of a depth representation."""
REMEDY = "Choose another photo, a network, or a depth map of your own (--depth-map FILE)."


def read_embedded(data: bytes, name: str) -> OwnDepth:
    """The depth values inside the file of a photo, upright as `read_photo` makes the photo.

    data: the bytes of a JPEG file, or of HEIC where `pillow_heif` is installed. name: for the error message.
    The values are METRIC where the file states distances, else RELATIVE_INVERSE.
    Raises DepthError where the file has no depth, or none that can be read.
    """
    name = short_name(name)
    try:
        if data.startswith(JPEG_SIGNATURE):
            found = _of_jpeg(data, name)
        elif heif_available() and data.startswith(HEIF_SIGNATURES, 4):
            found = _of_heif(data, name)
        else:
            found = None
    except DAMAGE as error:
        raise DepthError(f"The depth map inside {name} is damaged. {REMEDY}") from error
    if found is None:
        raise DepthError(
            f"{name} has no depth map inside, as portraits of some phones have in JPEG or HEIC; editing or "
            f"sending it by a messenger removes it. {REMEDY}"
        )
    return checked(*found, f"The depth map inside {name}", ORIGIN, of_whole=True)


def _of_jpeg(data: bytes, name: str) -> tuple[Array, DepthRepresentation] | None:
    found = depth_in_jpeg(data)
    if found is None:
        return None
    file, stated = found
    picture = Image.open(io.BytesIO(file), formats=["JPEG", "PNG"])
    check_size(picture.size[::-1], f"The depth map inside {name}")
    levels_hw = np.asarray(picture if picture.mode in ("L", "I;16") else picture.convert("L"))
    orientation, _ = exif_facts(Image.open(io.BytesIO(data), formats=["JPEG"]))
    levels_hw = transposed(levels_hw, UPRIGHT.get(orientation))
    return _by_range(level_shares(levels_hw), stated, name)


def _by_range(shares_hw: Array, stated: Mapping[str, str], name: str) -> tuple[Array, DepthRepresentation]:
    """Levels as shares of white, by the properties of GDepth or Dynamic Depth: black is near in both."""
    inverse = stated.get("Format", "RangeInverse").lower() != "rangelinear"
    near, far = _number(stated.get("Near")), _number(stated.get("Far"))
    if near is None or far is None or not 0 <= near < far or (inverse and near == 0):
        if inverse:
            return 1 - shares_hw, DepthRepresentation.RELATIVE_INVERSE
        raise DepthError(f"The depth map inside {name} does not say how near and far it reaches. {REMEDY}")
    distance_hw = (between_inverse if inverse else between)(shares_hw, near, far)
    unit = stated.get("Units", "m").lower()
    if unit in METRES:
        return distance_hw * METRES[unit], DepthRepresentation.METRIC
    if unit == "diopters":
        return 1 / np.maximum(distance_hw, 1e-9), DepthRepresentation.METRIC
    return 1 / np.maximum(distance_hw, 1e-9), DepthRepresentation.RELATIVE_INVERSE


def _of_heif(data: bytes, name: str) -> tuple[Array, DepthRepresentation] | None:
    photo = Image.open(io.BytesIO(data), formats=["HEIF"])
    images = photo.info.get("depth_images")
    if not images:
        return None
    image = images[0]
    check_size(image.size[::-1], f"The depth map inside {name}")
    levels_hw = np.asarray(image)[:, : image.size[0]]  # the decoder's rows are longer than the picture's
    if levels_hw.ndim == 3:
        levels_hw = levels_hw[..., 0]
    # The decoder turns photo and depth image, each as its own box says. Where that of the depth image is
    # missing, EXIF has the photo's turn.
    turn = UPRIGHT.get(photo.info.get("original_orientation") or 1)
    if not same_proportions(levels_hw.shape, photo.size[::-1]):
        levels_hw = transposed(np.ascontiguousarray(levels_hw), turn)
    return _by_representation(level_shares(levels_hw), image.info.get("metadata") or {}, name)


def _by_representation(
    shares_hw: Array, stated: Mapping[str, Any], name: str
) -> tuple[Array, DepthRepresentation]:
    """Levels as shares of white, by the depth representation information of HEVC: white is near."""
    kind = stated.get("representation_type", DISPARITY)
    if kind == DISPARITY:
        far, near = _number(stated.get("d_min")), _number(stated.get("d_max"))
        if far is not None and near is not None and 0 < far < near:
            return 1 / between(shares_hw, far, near), DepthRepresentation.METRIC
    elif kind == INVERSE_DISTANCE:
        near, far = _number(stated.get("z_near")), _number(stated.get("z_far"))
        if near is not None and far is not None and 0 < near < far:
            return between_inverse(shares_hw, far, near), DepthRepresentation.METRIC
    else:
        raise DepthError(f"The depth map inside {name} is stored in a way that is not read here. {REMEDY}")
    return shares_hw, DepthRepresentation.RELATIVE_INVERSE


def _number(stated: Any) -> float | None:
    """A finite number; None for anything else."""
    try:
        number = float(stated)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
