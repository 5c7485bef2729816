"""Laws of what is filled behind the face's relief."""

from types import SimpleNamespace

import numpy as np
import pytest
from model_head import SCALE, model_head

from face3d.geometry.camera import project
from face3d.head.face_front import DEEP, HIGHEST, NARROW_FACE, fill_behind_face
from face3d.head.hair import to_canonical
from face3d.head.solid import Grid
from training.scenes import face_model

BEFORE = 0.02
"""Image widths by which something covers the face."""


@pytest.fixture(scope="module")
def filled():
    """Canonical places of a grid's cells, how far each lies behind a covered face, and its share inside."""
    head = model_head()
    relief = head.with_front(BEFORE)
    grid = Grid.around(np.array([-0.25, -0.25, -0.1]), np.array([0.25, 0.3, 0.3]), 0.012)
    share = np.zeros(grid.shape, np.float32)
    share[0, 0, 0] = 0.25
    points = head.fit.vertices(head.model, relief.camera)
    fill_behind_face(SimpleNamespace(vertices_v3=points, relief=relief, unit=SCALE), grid, share)
    cells = np.stack(np.meshgrid(*(grid.middles(axis) for axis in range(3)), indexing="ij"), -1)
    columns, rows = (np.clip(at.astype(int), 0, 143) for at in project(cells, relief.camera))
    places = to_canonical(cells.reshape(-1, 3), head.fit, relief).reshape(cells.shape)
    return places, relief.front_hw[rows, columns] - cells[..., 2], share


def test_the_narrow_face_is_that_of_the_training():
    assert face_model.NARROW_FACE.stop == NARROW_FACE


def test_what_lies_behind_the_faces_relief_is_inside_also_before_the_skin(filled):
    places, behind, share = filled
    face = (np.abs(places[..., 0]) < 0.12) & (places[..., 1] > -0.2) & (places[..., 1] < 0.2)
    covered = face & (behind > 0.013) & (behind < BEFORE)
    assert covered.sum() > 50 and share[covered].min() == 1
    assert not share[face & (behind < -0.03)].any(), "nothing in front of the relief"
    deep = behind > (DEEP + 0.02) * SCALE
    deep[0, 0, 0] = False
    assert deep.any() and share[deep].mean() < 1e-3, "nor deep behind it, but beside the nose"


def test_nothing_changes_beside_the_face_and_above_the_brows(filled):
    places, _, share = filled
    beside = (places[..., 1] > HIGHEST + 0.03) | (np.abs(places[..., 0]) > 0.45)
    beside[0, 0, 0] = False
    assert not share[beside].any() and share[0, 0, 0] == 0.25
    assert share.min() >= 0 and share.max() <= 1
