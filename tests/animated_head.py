"""An animated head of the bundled head model, for the tests of files and viewer that hold one."""

import numpy as np

from face3d.geometry.parts import AnimatedHead, HeadPart
from face3d.head.model import SURFACES, load_head_model
from face3d.structures import Mesh

PARTS = {
    "skin": ("M_Face", "M_BackHead"),
    "teeth": ("M_GumsTongue", "M_Teeth"),
    "eyes": ("M_ScleraLeft", "M_ScleraRight"),
}
COLOURS = {
    "M_GumsTongue": (176, 92, 92),
    "M_Teeth": (235, 228, 214),
    "M_ScleraLeft": (240, 238, 236),
    "M_ScleraRight": (240, 238, 236),
}
IRIS_RGB, IRIS_DEGREES = (70, 52, 38), 24
SIDE = 512


def animated_head(side=SIDE, names=None):
    """The mean head in millimetres: its skin textured, the other parts with colours, eyes without offsets.

    Vertices are doubled along the seams of the texture. side: of the texture, pixels. names: of the
    expressions; None for all.
    """
    model = load_head_model()
    names = names or model.arkit_names
    chosen_e = [model.arkit_names.index(name) for name in names]
    surface_m = np.array(SURFACES)[model.material_m]
    parts = []
    for name, surfaces in PARTS.items():
        chosen_m = np.isin(surface_m, surfaces)
        pairs, corners = np.unique(
            np.stack([model.triangles_m3[chosen_m], model.uv_triangles_m3[chosen_m]], -1).reshape(-1, 2),
            axis=0,
            return_inverse=True,
        )
        vertices, uv = pairs.T
        faces_m3 = corners.reshape(-1, 3).astype(np.int32)
        look = {"uv_n2": model.uv_n2[uv], "texture_hwc": skin_texture(side)}
        if name != "skin":
            colours_n3 = np.zeros((len(vertices), 3), np.uint8)
            colours_n3[faces_m3] = np.array([COLOURS[s] for s in surface_m[chosen_m]], np.uint8)[:, None]
            look = {"colours_n3": colours_n3}
        points_n3 = model.neutral_v3[vertices] * np.float32(model.width_mm)
        if name == "eyes":
            colours_n3[in_front(points_n3)] = IRIS_RGB
        mesh = Mesh(points_n3, faces_m3, unit="mm", **look)
        offsets_en3 = model.expression_ev3[chosen_e][:, vertices] * np.float32(model.width_mm)
        parts.append(HeadPart(name, mesh, None if name == "eyes" else offsets_en3))
    return AnimatedHead(tuple(parts), names)


def in_front(points_n3):
    """(n,) bool: the part of both eyes that looks forward."""
    front_n = np.zeros(len(points_n3), bool)
    for side in (points_n3[:, 0] > 0, points_n3[:, 0] < 0):
        low, high = points_n3[side].min(axis=0), points_n3[side].max(axis=0)
        ray_n3 = points_n3[side] - (low + high) / 2
        cosine_n = ray_n3[:, 2] / np.linalg.norm(ray_n3, axis=1)
        front_n[side] = cosine_n > np.cos(np.radians(IRIS_DEGREES))
    return front_n


def skin_texture(side):
    """(side, side, 3) uint8: the colour of skin with soft blotches."""
    waves = np.sin(np.linspace(0, 40, side))
    light_hw = 1 + 0.04 * waves[:, None] * waves[None]
    return np.clip(np.array([205, 160, 138]) * light_hw[..., None], 0, 255).astype(np.uint8)
