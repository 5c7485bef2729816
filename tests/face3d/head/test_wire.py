"""The wire frame of a fitted head."""

import numpy as np
from face_model_file import needs_face_model
from rendered_head import seen_skin, two_heads

from face3d.head.fit import fit_head
from face3d.head.model import load_head_model
from face3d.head.wire import level_lines, outline_edges, wire_frame

SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4.0]])
HALVES = np.array([[0, 1, 2], [0, 2, 3]])


def test_lines_lie_where_the_field_is_a_whole_number():
    """A field that grows by 0.75 a unit to the right crosses 1, 2 and, at the edge, nothing more."""
    lines = level_lines(SQUARE, 0.75 * SQUARE[:, 0] + 0.1, HALVES)
    assert np.allclose(np.unique(lines[..., 0].round(6)), [0.9 / 0.75, 1.9 / 0.75, 2.9 / 0.75], atol=1e-5)
    lengths = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
    assert np.isclose(lengths.sum(), 3 * 4)


def test_the_outline_is_the_edges_of_one_triangle():
    assert {tuple(edge) for edge in outline_edges(HALVES, np.array([True, True])).tolist()} == {
        (0, 1),
        (1, 2),
        (2, 3),
        (0, 3),
    }
    assert len(outline_edges(HALVES, np.array([True, False]))) == 2


@needs_face_model
def test_the_wire_frame_covers_the_seen_head_and_ends_at_its_outline():
    head, model = two_heads()[1], load_head_model()
    lines = wire_frame(model, fit_head(model, seen_skin(head)))
    ends = np.floor(lines.reshape(-1, 2)).astype(int).clip(0, 143)
    on_head = head.true.label_hw[ends[:, 1], ends[:, 0]] > 0
    assert on_head.mean() > 0.9 and len(lines) > 2000
    assert np.linalg.norm(lines[:, 0] - lines[:, 1], axis=1).max() < 10
