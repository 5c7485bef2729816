"""A cube whose sides tell from where it is seen."""

import numpy as np
import trimesh

from face3d.structures import Mesh


def painted_box():
    """A cube whose +Z side is red, +X green, +Y blue, the others grey; every side has its own vertices."""
    box = trimesh.creation.box((2, 2, 2))
    box.unmerge_vertices()
    colours = np.full((len(box.vertices), 3), 128, np.uint8)
    for axis, colour in ((2, (255, 0, 0)), (0, (0, 255, 0)), (1, (0, 0, 255))):
        colours[np.repeat(box.face_normals[:, axis] > 0.9, 3)] = colour
    return Mesh(box.vertices.astype(np.float32), box.faces.astype(np.int32), colours_n3=colours, unit="mm")


def share(picture, channel):
    """Share of the pixels of one of its colours: 0 red (+Z), 1 green (+X), 2 blue (+Y)."""
    others = [k for k in range(3) if k != channel]
    return float(((picture[..., channel] > 60) & (picture[..., others].max(axis=-1) < 20)).mean())
