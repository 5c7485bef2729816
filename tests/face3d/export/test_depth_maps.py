import io

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from face3d.export.depth_maps import (
    depth_colour,
    depth_exr,
    depth_npy,
    depth_png8,
    depth_png16,
    normals_directx,
    normals_opengl,
)
from face3d.structures import DepthMap, DepthRepresentation


def test_depth_files_use_their_whole_range():
    values_hw = np.linspace(-3, 5, 70 * 90, dtype=np.float32).reshape(70, 90)
    mask_hw = np.ones((70, 90), bool)
    mask_hw[:, 0] = False
    depth = DepthMap(values_hw, DepthRepresentation.RELIEF, mask_hw, "ramp")
    grey, deep = (np.asarray(Image.open(io.BytesIO(make(depth)))) for make in (depth_png8, depth_png16))
    assert (grey == depth.as_grey()).all() and grey.dtype == np.uint8
    assert deep.max() == 65535 and deep[mask_hw].min() == 1 and (deep[~mask_hw] == 0).all()
    assert len(np.unique(deep)) == mask_hw.sum() + 1  # no stair-steps
    values = np.load(io.BytesIO(depth_npy(depth)))
    assert (values[mask_hw] == values_hw[mask_hw]).all() and np.isnan(values[~mask_hw]).all()


@pytest.mark.parametrize(
    ("representation", "units", "farthest"),
    [
        (DepthRepresentation.RELIEF, "image widths towards the camera", -3),
        (DepthRepresentation.METRIC, "metres from the camera", 5),
    ],
)
def test_exr_holds_the_values_and_states_their_unit(representation, units, farthest, tmp_path):
    values_hw = np.linspace(-3, 5, 30 * 50, dtype=np.float32).reshape(30, 50)
    mask_hw = np.ones((30, 50), bool)
    mask_hw[4:9, 7] = False
    path = tmp_path / "depth.exr"
    path.write_bytes(depth_exr(DepthMap(values_hw, representation, mask_hw, "ramp")))
    with OpenEXR.File(str(path)) as file:
        (channel,) = file.channels().values()
        header = dict(file.header())  # the library empties its own when it closes
    assert channel.name == "Z" and channel.pixels.dtype == np.float32
    assert (channel.pixels[mask_hw] == values_hw[mask_hw]).all()
    assert (channel.pixels[~mask_hw] == np.float32(farthest)).all()
    assert (header["units"], header["representation"]) == (units, representation.value)


def test_an_empty_map_gives_files_too():
    empty = DepthMap(np.zeros((4, 5), np.float32), DepthRepresentation.RELIEF, np.zeros((4, 5), bool), "none")
    assert depth_exr(empty)[:4] == b"\x76\x2f\x31\x01"
    assert (np.asarray(Image.open(io.BytesIO(depth_colour(empty, "Turbo")))) == 0).all()


def test_in_colours_the_clip_spans_the_map_and_outside_is_black():
    values_hw = np.linspace(0, 1, 11, dtype=np.float32)[None]
    mask_hw = np.arange(11)[None] < 10
    depth = DepthMap(values_hw, DepthRepresentation.RELIEF, mask_hw, "ramp")  # 0..0.9 in the mask
    (row,) = np.asarray(Image.open(io.BytesIO(depth_colour(depth, "Viridis", (1 / 3, 2 / 3)))))
    assert (row[:4] == row[0]).all() and (row[6:10] == row[9]).all() and (row[10] == 0).all()
    assert tuple(row[0]) == (0x44, 0x01, 0x54) and tuple(row[9]) == (0xFD, 0xE7, 0x25)  # the ends of viridis


def test_normal_maps_differ_in_the_sense_of_green_only():
    """A roof: its upper half is turned up, its lower half down."""
    rows = np.arange(40)[:, None]
    values_hw = np.tile((-np.abs(rows - 19.5) / 60).astype(np.float32), (1, 60))
    depth = DepthMap(values_hw, DepthRepresentation.RELIEF, np.ones((40, 60), bool), "roof")
    opengl, directx = (
        np.asarray(Image.open(io.BytesIO(make(depth)))).astype(int)
        for make in (normals_opengl, normals_directx)
    )
    tilted = 127.5 + 127.5 / np.sqrt(2)
    assert opengl[8, 30] == pytest.approx([127.5, tilted, tilted], abs=1)
    assert opengl[32, 30] == pytest.approx([127.5, 255 - tilted, tilted], abs=1)
    assert (opengl[..., 1] + directx[..., 1] == 255).all()
    assert (opengl[..., [0, 2]] == directx[..., [0, 2]]).all()
