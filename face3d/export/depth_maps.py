"""Depth maps as files: PNG of 8 and 16 bits, NPY, EXR, in colours, and as normal maps."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenEXR

from face3d.errors import ExportError
from face3d.export.colour_maps import coloured
from face3d.export.images import encode_png, picture_png
from face3d.geometry.normal_map import relief_normals
from face3d.structures import Array, DepthMap, DepthRepresentation

EXR_UNITS = {
    DepthRepresentation.RELIEF: "image widths towards the camera",
    DepthRepresentation.RELATIVE_INVERSE: "none, larger is nearer",
    DepthRepresentation.METRIC: "metres from the camera",
}
"""The attribute `units` of an EXR file."""


def depth_png8(depth: DepthMap) -> bytes:
    """8-bit grey PNG: near = light, far = dark, outside the mask black."""
    return encode_png(depth.as_grey())


def depth_png16(depth: DepthMap) -> bytes:
    """16-bit grey PNG over its whole range: nearest = 65535, farthest = 1, outside the mask 0."""
    levels_hw = np.round(1 + depth.nearness_hw().astype(np.float64) * 65534)
    return encode_png(np.where(depth.mask_hw, levels_hw, 0).astype(np.uint16))


def depth_npy(depth: DepthMap) -> bytes:
    """NPY, float32, the network's own values and representation; NaN outside the mask."""
    packed = io.BytesIO()
    np.save(packed, np.where(depth.mask_hw, depth.values_hw, np.float32(np.nan)))
    return packed.getvalue()


def depth_exr(depth: DepthMap) -> bytes:
    """OpenEXR, one channel `Z`, float32, the network's own values; the farthest one outside the mask.

    Not NaN there, which programs that blur or displace by such a file spread over the picture. The header's
    attributes `units`, `representation` and `network` state what the values are.
    Raises: ExportError where the temporary folder has no room.
    """
    inside = depth.values_hw[depth.mask_hw]
    farthest = 0 if not len(inside) else inside[np.argmin(depth.nearness_hw()[depth.mask_hw])]
    header = {
        "type": OpenEXR.scanlineimage,
        "compression": OpenEXR.ZIP_COMPRESSION,
        "units": EXR_UNITS[depth.representation],
        "representation": depth.representation.value,
        "network": depth.network,
        "software": "photo-to-3d-face",
    }
    channels = {"Z": np.where(depth.mask_hw, depth.values_hw, np.float32(farthest))}
    with tempfile.TemporaryDirectory() as folder:  # the library writes to paths only
        path = Path(folder) / "depth.exr"
        try:
            with OpenEXR.File(header, channels) as file:
                file.write(str(path))
        except RuntimeError as error:
            raise ExportError(
                f"The EXR file cannot be made in {Path(folder).parent}. Make room there, or name another "
                "folder in TMPDIR."
            ) from error
        return path.read_bytes()


def depth_colour(depth: DepthMap, colour_map: str, far_near: tuple[float, float] = (0.0, 1.0)) -> bytes:
    """PNG in the colours of one of the COLOUR_MAPS, outside the mask black. far_near: see `coloured`."""
    return picture_png(coloured(depth.nearness_hw(), depth.mask_hw, colour_map, far_near))


def normal_picture(depth: DepthMap) -> Array:
    """(h, w, 3) uint8: `relief_normals`, -1..1 as 0..255: red right, green up, blue to the viewer."""
    return np.round(relief_normals(depth) * 127.5 + 127.5).astype(np.uint8)


def normals_opengl(depth: DepthMap) -> bytes:
    """PNG of `normal_picture`: green is up, as OpenGL, Blender and glTF have it."""
    return picture_png(normal_picture(depth))


def normals_directx(depth: DepthMap) -> bytes:
    """PNG of `normal_picture` with green down, as DirectX, Unreal and 3ds Max have it."""
    rgb_hwc = normal_picture(depth)
    rgb_hwc[..., 1] = 255 - rgb_hwc[..., 1]
    return picture_png(rgb_hwc)


DEPTH_WRITERS: dict[str, Callable[[DepthMap], bytes]] = {
    "_depth.png": depth_png8,
    "_depth16.png": depth_png16,
    "_depth.npy": depth_npy,
    "_depth.exr": depth_exr,
    "_normals.png": normals_opengl,
    "_normals_directx.png": normals_directx,
}
"""Writers of the depth map, by what is added to the photo's name."""
DEPTH_COLOUR = "_depth_colour.png"
"""What is added to the name for the file of `depth_colour`."""
ON_REQUEST = {"exr": "_depth.exr", "normals": "_normals.png", "normals-directx": "_normals_directx.png"}
"""By format name, those of the DEPTH_WRITERS that the command line writes only when they are asked for."""
