"""From a photo to its matte, and from a depth map to one with that matte as its foreground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from scipy import ndimage

from face3d.depth.download import Progress
from face3d.depth.estimator import DepthEstimator
from face3d.errors import MatteError
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.relief import before_backdrop
from face3d.matte.table import DEFAULT_MATTE, MATTES
from face3d.structures import Array, DepthMap, Face, Photo

THRESHOLD = 0.5
"""Above it a pixel is foreground."""
LAYERS = "values_hw", "back_hw", "uncertainty_hw", "thickness_uncertainty_hw"
STATED = LAYERS[2:]


def cut_out_by(
    depth: DepthMap,
    photo: Photo,
    matte: str,
    face_network: Callable[[], DepthEstimator],
    *,
    mask: Photo | None = None,
    progress: Progress | None = None,
    refine: bool = False,
) -> DepthMap:
    """See `depth_estimation.cut_out`. face_network: gives the bundled network, where it is needed."""
    from face3d.matte.refine import check_available, refined  # pymatting is an extra

    if matte not in MATTES:
        raise MatteError(f"There is no matte '{matte}'; choose one of {', '.join(MATTES)}.")
    if refine:
        check_available()
    if matte == "none":
        return whole_picture(depth)
    if matte == depth.matte and not refine:
        return depth
    seen: DepthMap | tuple[Face, ...]
    if matte != DEFAULT_MATTE:
        matte_hw = find_matte(matte, photo, mask=mask, progress=progress)
        seen = depth if depth.detects_faces else face_network().find_faces(photo)
    else:
        seen = depth if depth.matte == matte else face_network().predict(photo)
        if not seen.faces or seen.matte_hw is None:
            return replace(depth, detects_faces=True)
        matte_hw = seen.matte_hw
    if not refine:
        return with_matte(depth, matte_hw, matte, seen)
    return with_matte(depth, refined(matte_hw, photo.rgb_hwc), f"{matte}, refined", seen)


def find_matte(
    name: str, photo: Photo, *, mask: Photo | None = None, progress: Progress | None = None
) -> Array:
    """The matte of a photo, (h, w) float32 in 0..1: `alpha`, `file`, or one of rembg.

    mask: the picture for `file`, see `as_matte`. progress: of a download.
    Raises: MatteError where the photo has no such matte, or nothing is left of it; WeightsError where the
    checkpoint is not available.
    """
    spec = MATTES[name]
    if spec.of_rembg:
        from face3d.matte.rembg import rembg_matte

        matte_hw = rembg_matte(spec, photo.rgb_hwc, progress)
    elif name == "alpha":
        if photo.alpha_hw is None:
            raise MatteError("The photo has no transparent pixel. Choose another matte, for example face.")
        matte_hw = photo.alpha_hw.astype(np.float32) / 255
    elif mask is None:
        raise MatteError(
            "This matte needs a mask (--mask FILE): a picture of the photo's size, the person white."
        )
    else:
        matte_hw = as_matte(mask, photo.size_hw)
    if not (matte_hw > THRESHOLD).any():
        by = "by this mask: it is all black or transparent" if name == "file" else f"by the matte {name}"
        raise MatteError(f"Nothing is left of the photo {by}. Choose another one.")
    return matte_hw


def as_matte(mask: Photo, size_hw: tuple[int, int]) -> Array:
    """A mask picture as (h, w) float32 in 0..1: its transparency where it has some, else its brightness.

    It may be smaller or larger than the photo, of the same proportions to within a pixel.
    Raises: MatteError for other proportions.
    """
    rows, columns = mask.size_hw
    if abs(rows * size_hw[1] - columns * size_hw[0]) > max(*size_hw, rows, columns):
        raise MatteError(
            f"The mask has {columns} x {rows} pixels and the photo {size_hw[1]} x {size_hw[0]}. "
            "Choose the mask of this photo."
        )
    grey_hw = mask.rgb_hwc.mean(axis=2) if mask.alpha_hw is None else mask.alpha_hw
    interpolation = cv2.INTER_AREA if rows > size_hw[0] else cv2.INTER_LINEAR
    matte_hw = cv2.resize((grey_hw / 255).astype(np.float32), size_hw[::-1], interpolation=interpolation)
    return np.asarray(np.clip(matte_hw, 0, 1))


def with_matte(depth: DepthMap, matte_hw: Array, name: str, seen: DepthMap | tuple[Face, ...]) -> DepthMap:
    """The depth map with `matte_hw` (h, w) float32 as its foreground.

    seen: the faces of the photo, or the depth map of the bundled network with its faces and persons. A face
    of which the matte leaves nothing is dropped.
    Where a network was not trained outside its own matte, values there continue those inside, and the stated
    errors are the largest of the map.
    Raises: MatteError where no value is left, and for a mask of the user's that leaves out every face.
    """
    inside_hw = matte_hw > THRESHOLD
    layers = _continued(depth, inside_hw)
    inside_hw = inside_hw & np.isfinite(layers["values_hw"])
    if depth.matte_hw is None:  # then the mask says where there is a value
        inside_hw &= depth.mask_hw
    if not inside_hw.any():
        raise MatteError(f"Nothing is left of the depth map by the matte {name}. Choose another one.")
    faces, person_hw = (seen.faces, seen.person_hw) if isinstance(seen, DepthMap) else (seen, None)
    kept = [number for number, face in enumerate(faces, 1) if inside_hw[_window(face, depth.size_hw)].any()]
    if faces and not kept and name.split(",")[0] == "file":
        raise MatteError("The mask leaves out every face of this photo. Choose the mask of this photo.")
    return replace(
        depth,
        values_hw=layers["values_hw"],
        back_hw=layers.get("back_hw"),
        uncertainty_hw=layers.get("uncertainty_hw"),
        thickness_uncertainty_hw=layers.get("thickness_uncertainty_hw"),
        mask_hw=inside_hw,
        matte_hw=matte_hw.astype(np.float32),
        faces=tuple(faces[number - 1] for number in kept),
        detects_faces=depth.detects_faces or bool(kept),
        person_hw=None if person_hw is None or not kept else _owners(person_hw, kept, inside_hw),
        matte=name,
    )


def whole_picture(depth: DepthMap) -> DepthMap:
    """The depth map without its matte: of all of the picture, and no pixel one person's alone.

    Values that a network was not trained for give way to a flat backdrop, with the largest stated errors of
    the map; there the hidden side lies at the front. The faces stay: they tell the size.
    """
    if depth.matte_hw is None:
        return depth
    layers = {name: layer for name in LAYERS if (layer := getattr(depth, name)) is not None}
    flat_hw = before_backdrop(depth).values_hw
    for name, layer in layers.items():
        outside = np.max(layer, where=depth.mask_hw, initial=0) if name in STATED else flat_hw
        layers[name] = np.where(depth.mask_hw, layer, outside).astype(np.float32)
    return replace(
        depth,
        values_hw=layers["values_hw"],
        back_hw=layers.get("back_hw"),
        uncertainty_hw=layers.get("uncertainty_hw"),
        thickness_uncertainty_hw=layers.get("thickness_uncertainty_hw"),
        mask_hw=np.isfinite(layers["values_hw"]),
        matte_hw=None,
        person_hw=None,
        matte=None,
    )


def _window(face: Face, size_hw: tuple[int, int]) -> tuple[slice, slice]:
    left, top, right, bottom = face.box_xyxy
    return slice(max(0, int(top)), min(size_hw[0], round(bottom))), slice(
        max(0, int(left)), min(size_hw[1], round(right))
    )


def _continued(depth: DepthMap, inside_hw: Array) -> dict[str, Array]:
    """The map's layers, continued from its own foreground where that has been all that was trained."""
    layers = {name: layer for name in LAYERS if (layer := getattr(depth, name)) is not None}
    beyond_hw = inside_hw & ~depth.mask_hw
    if depth.matte_hw is None or not depth.mask_hw.any() or not beyond_hw.any():
        return layers
    filled = fill_by_diffusion(np.stack(list(layers.values()), -1), depth.mask_hw)
    for number, (name, layer) in enumerate(layers.items()):
        outside = layer[depth.mask_hw].max() if name in STATED else filled[..., number]
        layers[name] = np.where(depth.mask_hw, layer, outside).astype(np.float32)
    if "back_hw" in layers:
        layers["back_hw"] = np.minimum(layers["back_hw"], layers["values_hw"])
    return layers


def _owners(person_hw: Array, kept: list[int], inside_hw: Array) -> Array:
    """Numbers of the kept faces over the mask; a pixel of nobody belongs to the nearest person."""
    number_of = np.zeros(int(person_hw.max()) + 1, np.uint8)
    for new, old in enumerate(kept, 1):
        if old < len(number_of):
            number_of[old] = new
    owner_hw = number_of[person_hw]
    if not owner_hw.any():
        return inside_hw.astype(np.uint8)
    _, (rows, columns) = ndimage.distance_transform_edt(owner_hw == 0, return_indices=True)
    return np.where(inside_hw, owner_hw[rows, columns], 0).astype(np.uint8)
