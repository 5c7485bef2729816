"""The model on the stage of the page, and the rendering of its file from the same place."""

import base64
import io

import numpy as np
import trimesh
from PIL import Image
from scipy.ndimage import binary_erosion

from face3d.export.views import DISTANCE_IN_RADII, Framing, View, render
from face3d.structures import Mesh

STAGE = Framing(0.0, 0.0, float(np.tan(np.radians(22.5))))
"""What the stage shows from top to bottom: its camera opens 45 degrees."""
SCENE_RADIUS = """(stage) => {
    const { points } = stage.viewer.scene;
    let largest = 0;
    for (let at = 0; at < points.length; at += 3)
        largest = Math.max(largest, Math.hypot(points[at], points[at + 1], points[at + 2]));
    return largest;
}"""
TO_WHOLE_PIXELS = """(stage) => {
    stage.style.translate = '';
    const { x, y } = stage.getBoundingClientRect();
    stage.style.translate = `${Math.ceil(x) - x}px ${Math.ceil(y) - y}px`;
}"""
"""A screenshot begins at a whole pixel."""
LOOK_FROM = """(stage, distance) => stage.viewer.setCamera(
    { eye: { x: 0, y: 0, z: distance }, center: { x: 0, y: 0, z: 0 } })"""


def shown_glb(stage):
    """The bytes of the file that the stage shows."""
    return base64.b64decode(stage.evaluate("(stage) => stage.viewer.scene.glb"))


def mesh_in(glb):
    """The mesh of a file, in metres."""
    solid = trimesh.load(io.BytesIO(glb), file_type="glb", process=False).to_geometry()
    texture = np.asarray(solid.visual.material.baseColorTexture.convert("RGB"))
    vertices_n3, uv_n2 = np.asarray(solid.vertices, np.float32), np.asarray(solid.visual.uv, np.float32)
    return Mesh(vertices_n3, np.asarray(solid.faces, np.int32), uv_n2, texture, unit="m")


def rendered(mesh, stage_height):
    """(side, side, 3) float64 rendering with the pixels of the stage, and (side, side) bool: the model, but
    its outline, whose pixels are partly background, white here and dark there.
    """
    picture = render(mesh, View(round(stage_height), framing=STAGE)).astype(np.float64)
    return picture, binary_erosion((picture < 255).any(axis=-1))


def front_view(page, stage):
    """(h, w, 3) float64 screenshot of the stage from where the rendering is made."""
    stage.evaluate(TO_WHOLE_PIXELS)
    stage.evaluate(LOOK_FROM, DISTANCE_IN_RADII * stage.evaluate(SCENE_RADIUS))
    page.wait_for_timeout(600)
    return np.asarray(Image.open(io.BytesIO(stage.screenshot())).convert("RGB"), np.float64)


def middle_of(picture, shape):
    """The part of a picture of this height and width around its middle."""
    top, left = ((outer - inner) // 2 for outer, inner in zip(picture.shape[:2], shape[:2], strict=True))
    return picture[top : top + shape[0], left : left + shape[1]]
