"""Laws of cards of strands."""

import numpy as np

from training.rendering.strands import KIND, LAYERS, Strands, opacity, strand_fragments

BOTH = np.ones(2, bool)


def card(depth, edge=1.0, density=1.2):
    """A square of two triangles over the whole picture of 16 by 12 pixels."""
    corners = np.array([[-1, -1], [18, -1], [18, 14], [-1, 14]], np.float32)
    row = np.zeros(len(KIND))
    row[:3], row[3] = (2, 8, density), 0.0
    screen = np.c_[corners, np.full(4, depth)].astype(np.float32)
    flat, normals = np.zeros((4, 3), np.float32), np.tile(np.float32([0, 0, 1]), (4, 1))
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    places = np.c_[corners, corners[:, :1]].astype(np.float32)
    along, edges = np.zeros(4, np.float32), np.full(4, edge, np.float32)
    kinds = np.zeros(2, np.int32)
    return screen, Strands(flat, triangles, places, along, edges, normals, normals, kinds, row[None])


def test_a_dense_card_covers_and_its_rim_does_not():
    nothing = np.zeros((12, 16), np.float32)
    assert opacity(strand_fragments(*card(50.0), nothing), BOTH).min() == 1
    assert opacity(strand_fragments(*card(50.0, edge=0.0), nothing), BOTH).max() == 0
    assert opacity(strand_fragments(*card(50.0), nothing), ~BOTH).max() == 0  # neither counts


def test_what_lies_behind_a_surface_is_dropped():
    screen, strands = card(50.0)
    wall = np.zeros((12, 16), np.float32)
    wall[:, :8] = 40
    covered = opacity(strand_fragments(screen, strands, wall), BOTH)
    assert covered[:, :8].max() == 0
    assert covered[:, 8:].min() == 1


def test_the_nearest_fragments_are_kept_in_order():
    """Ten cards at falling distances, drawn from far to near: the nearest LAYERS remain, nearest first."""
    screens, strands = zip(*(card(60.0 - k) for k in range(10)), strict=True)
    count = np.arange(10)[:, None, None] * 4
    many = strands[0]._replace(
        triangles_m3=(np.stack([s.triangles_m3 for s in strands]) + count).reshape(-1, 3).astype(np.int32),
        **{
            name: np.concatenate([getattr(s, name) for s in strands])
            for name in ("vertices_v3", "place_v3", "along_v", "edge_v", "tangent_v3", "normal_v3", "kind_m")
        },
    )
    found = strand_fragments(np.concatenate(screens), many, np.zeros((12, 16), np.float32))
    assert np.allclose(found.distance_hwk[5, 5], 51 + np.arange(LAYERS))
