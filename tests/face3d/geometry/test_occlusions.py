"""A person's surface hangs together; what hides another part of it is cut off, without shreds."""

from dataclasses import replace

import numpy as np

from face3d.geometry.grid import grid
from face3d.geometry.occlusions import LEAST_JUMP_HEADS
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation, Face
from face3d.synthetic import photo_of

SIZE = (200, 240)
ROWS, COLUMNS = np.indices(SIZE)
HEAD = 120
"""Columns of the head."""


def person(step, face=True):
    """A plane that comes nearer by `step` image widths over three columns, in a disc, with a speck."""
    body_hw = np.hypot(ROWS - 100, COLUMNS - 110) < 80
    speck_hw = np.hypot(ROWS - 20, COLUMNS - 220) < 8
    faces = (Face((50, 40, 50 + HEAD, 160)),) if face else ()
    values_hw = (step * np.clip((COLUMNS - 118) / 3, 0, 1)).astype(np.float32)
    return DepthMap(values_hw, DepthRepresentation.RELIEF, body_hw | speck_hw, "ramp", faces=faces)


def made(depth):
    return make_relief(depth, photo_of(SIZE), ModelSettings(smoothing_px=0))


LEAST = LEAST_JUMP_HEADS * HEAD / SIZE[1]


def test_a_step_within_a_head_is_a_surface_as_it_was_measured():
    depth = person(0.9 * LEAST)
    relief = made(depth)
    body_hw = depth.mask_hw & (COLUMNS < 200)
    assert (relief.joined_hw == body_hw).all() and not relief.known_hw[body_hw].all()
    assert np.abs(relief.front_hw - depth.values_hw)[body_hw].max() < 1e-6


def test_an_occlusion_parts_the_surface_and_leaves_no_shred_of_the_ramp():
    depth = person(1.2 * LEAST)
    relief = made(depth)
    assert not relief.joined_hw[:, 119:121].any()
    whole_hw = relief.joined_hw[60:140]
    assert set(np.unique(depth.values_hw[60:140][whole_hw & (COLUMNS[60:140] > 100)])) <= {
        np.float32(0),
        np.float32(1.2 * LEAST),
    }
    z_hw = grid(relief, side=120).z_hw
    steps_hw = np.abs(np.diff(z_hw, axis=1))
    assert np.nanmax(steps_hw) < 0.2 * LEAST


def test_without_a_face_the_edge_tolerance_alone_cuts():
    relief = made(person(0.9 * LEAST, face=False))
    assert relief.joined_hw is relief.known_hw or (relief.joined_hw == relief.known_hw).all()


def test_a_tolerance_of_zero_cuts_nothing():
    depth = person(1.2 * LEAST)
    relief = make_relief(depth, photo_of(SIZE), replace(ModelSettings(), edge_tolerance=0))
    assert (relief.joined_hw == depth.mask_hw).all()
