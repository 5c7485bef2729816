"""Texture: foreground colours without a halo, colours for the hidden side, texture coordinates.

The texture of a solid is an atlas of two pictures side by side: the photo on the left for what the camera
saw, and on the right, at half the width, colours for the hidden side, spread inwards from the rim.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from face3d.geometry.camera import Camera, project
from face3d.geometry.filters import distance_inside, fill_by_diffusion
from face3d.geometry.relief import Relief
from face3d.structures import Array, DepthMap, Mesh

RIM_PX_PER_WIDTH = 1 / 200
"""Without a matte, a band of this share of the picture's width inside the mask counts as mixed with the
background."""
FRONT_SHARE = 2 / 3
"""Share of the atlas' width that the photo takes; the hidden side has half the photo's width."""
GRAZING = 0.06
"""Least cosine between the normal of a triangle with the photo on it and the line of sight: 86.6 degrees."""
CLAY_RGB = (200, 196, 190)
"""Colour of a plaque, of a foot, and of a mesh that has no colours of its own: unglazed clay, light."""
FOOT_ROWS = 0.02
"""Rows of a texture below the photo, share of the photo's."""


def rim_matte(depth: DepthMap) -> Array:
    """(h, w) float32 in 0..1: the network's matte, else one from 0.5 at the mask's border to 1 a little
    inside.
    """
    if depth.matte_hw is not None:
        return np.clip(depth.matte_hw, 0, 1)
    if depth.mask_hw.all():
        return np.ones(depth.size_hw, np.float32)
    reach = max(1.0, depth.size_hw[1] * RIM_PX_PER_WIDTH)
    alpha_hw = np.clip(0.5 + 0.5 * distance_inside(depth.mask_hw) / reach, 0, 1)
    return np.where(depth.mask_hw, alpha_hw, 0).astype(np.float32)


def foreground_colours(rgb_hwc: Array, matte_hw: Array) -> Array:
    """(h, w, 3) uint8: the person's colours; unmixed along the rim of the matte, continued beyond it.

    With C = a F + (1 - a) B and smooth estimates F' and B' spread from the pure regions, F = F' + a (C - a F'
    - (1 - a) B').
    Source: Forte, "Approximate fast foreground colour estimation", ICIP 2021, equation 5; our F' and B' come
    from `fill_by_diffusion`.
    """
    pure_hw = matte_hw >= 0.98
    if pure_hw.all() or not pure_hw.any():
        return rgb_hwc
    colours_hwc = rgb_hwc.astype(np.float32)
    front_hwc = fill_by_diffusion(colours_hwc, pure_hw)
    ground_hw = matte_hw <= 0.02
    ground_hwc = fill_by_diffusion(colours_hwc, ground_hw) if ground_hw.any() else front_hwc
    alpha_hwc = cv2.merge([matte_hw.astype(np.float32)] * 3)
    unmixed_hwc = front_hwc - ground_hwc
    unmixed_hwc *= -alpha_hwc
    unmixed_hwc += colours_hwc - ground_hwc
    unmixed_hwc *= alpha_hwc
    unmixed_hwc += front_hwc
    rounded_hwc = cv2.convertScaleAbs(np.maximum(unmixed_hwc, 0, out=unmixed_hwc))  # cuts at 255
    cv2.copyTo(rgb_hwc, pure_hw.astype(np.uint8), rounded_hwc)
    return rounded_hwc


def hidden_colours(front_rgb_hwc: Array, mask_hw: Array) -> Array:
    """(h, w, 3) uint8: colours of the hidden side, diffused from a band along the border of the mask."""
    reach = max(2.0, 0.015 * mask_hw.shape[1])
    band_hw = mask_hw & (distance_inside(mask_hw, frame_ends_it=True) <= reach)
    band_hw = band_hw if band_hw.any() else np.ones_like(mask_hw)
    # A foot repeats the lowest row: without the blur its colours would run down in streaks.
    spread_hwc = cv2.GaussianBlur(fill_by_diffusion(front_rgb_hwc.astype(np.float32), band_hw), (0, 0), reach)
    return np.clip(np.round(spread_hwc), 0, 255).astype(np.uint8)


def spread_colours(front_rgb_hwc: Array, matte_hw: Array) -> Array:
    """(h / 4, w / 4, 3) uint8: `hidden_colours` of a picture and its matte, both of the size (h, w)."""
    height, width = matte_hw.shape
    small_wh = max(1, width // 4), max(1, height // 4)
    mask_hw = cv2.resize((matte_hw >= 0.5).astype(np.uint8), small_wh, interpolation=cv2.INTER_NEAREST)
    return hidden_colours(
        cv2.resize(front_rgb_hwc, small_wh, interpolation=cv2.INTER_AREA), mask_hw.astype(bool)
    )


def foot_px(height: int) -> int:
    """Rows of clay under the pictures of a free-standing solid, for what lies below the photo, in pixels of a
    photo so high.
    """
    return max(2, round(FOOT_ROWS * height))


def atlas(
    rgb_hwc: Array,
    depth: DepthMap,
    longest_side: int,
    with_hidden_side: bool,
    plaque_px: int | None,
    photo_rows: float | None = None,
    hidden_rgb_hwc: Array | None = None,
) -> Array:
    """(h, w, 3) or (h, w + w // 2, 3) uint8: the foreground's picture, with or without the hidden side's.

    A free-standing solid has `foot_px` more rows.

    Args:
        rgb_hwc: (h, w, 3) uint8, the photo. longest_side: it is shrunk to at most this many pixels first.
        plaque_px: None for a free-standing model; else the person is set on a plaque's colour, with a border
        of this many pixels.
        photo_rows: rows of the photo that a free-standing solid wears, the others are clay; None: all.
        hidden_rgb_hwc: colours of the hidden side over the picture, of any size; None: spread from the
        outline.
    """
    scale = min(1.0, longest_side / max(depth.size_hw))
    height, width = (max(2, round(side * scale)) for side in depth.size_hw)
    matte_hw = cv2.resize(rim_matte(depth), (width, height), interpolation=cv2.INTER_AREA)
    front_hwc = foreground_colours(
        cv2.resize(rgb_hwc, (width, height), interpolation=cv2.INTER_AREA), matte_hw
    )
    if plaque_px is not None:
        front_hwc = np.round(
            front_hwc * matte_hw[..., None] + np.array(CLAY_RGB) * (1 - matte_hw[..., None])
        ).astype(np.uint8)
        margin = round(plaque_px * scale)
        front_hwc = cv2.copyMakeBorder(
            front_hwc, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=CLAY_RGB
        )
        hidden_hwc = np.full_like(front_hwc[:, : front_hwc.shape[1] // 2], CLAY_RGB)
    elif with_hidden_side:
        if hidden_rgb_hwc is None:
            hidden_rgb_hwc = spread_colours(front_hwc, matte_hw)
        shrinks = hidden_rgb_hwc.shape[1] > width // 2
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        hidden_hwc = cv2.resize(hidden_rgb_hwc, (width // 2, height), interpolation=interpolation)
        last = height if photo_rows is None else round(photo_rows * height / depth.size_hw[0])
        rows = max(1, round(foot_px(depth.size_hw[0]) * scale))
        both_hwc = np.pad(np.hstack([front_hwc, hidden_hwc]), ((0, rows), (0, 0), (0, 0)))
        both_hwc[last:] = CLAY_RGB
        return both_hwc
    else:
        return front_hwc
    return np.hstack([front_hwc, hidden_hwc])


def picture_uv(points_n3: Array, camera: Camera, margin_px: int, below_px: int = 0) -> Array:
    """(n, 2) float64 place of each point in the photo with its margin, 0..1 from the lower left corner.

    below_px: rows of the picture below photo and margin.
    """
    columns, rows = project(points_n3, camera)
    height, width = camera.size_hw
    u_n, v_n = (
        (columns + margin_px) / (width + 2 * margin_px),
        1 - (rows + margin_px) / (height + 2 * margin_px + below_px),
    )
    return np.clip(np.stack([u_n, v_n], -1), 0, 1)


def seen_triangles(
    points_n3: Array, faces_m3: Array, camera: Camera, margin_px: int, photo_rows: float | None = None
) -> Array:
    """(m,) bool: triangles of a solid that take the photo: turned to the camera by more than `GRAZING`.

    On a wall along the line of sight one pixel would become a streak. Triangles below the first `photo_rows`
    rows (None: all of the picture's), as a bust's foot, take none.
    """
    a_m3, b_m3, c_m3 = (points_n3[faces_m3[:, corner]].astype(np.float64) for corner in range(3))
    normals_m3 = np.cross(b_m3 - a_m3, c_m3 - a_m3)
    eye_3 = np.array([0, 0, camera.distance * camera.unit_per_width])
    toward_m3 = eye_3 - a_m3 if camera.perspective else np.broadcast_to([0.0, 0.0, 1.0], a_m3.shape)
    lengths_m = np.linalg.norm(normals_m3, axis=1) * np.linalg.norm(toward_m3, axis=1)
    facing_m = np.einsum("ij,ij->i", normals_m3, toward_m3) > GRAZING * lengths_m
    _, rows = project((a_m3 + b_m3 + c_m3) / 3, camera)
    last = camera.size_hw[0] if photo_rows is None else photo_rows
    return facing_m & (np.abs(rows - last / 2) <= last / 2 + margin_px + 0.5)


def split_at_seam(
    points_n3: Array,
    faces_m3: Array,
    camera: Camera,
    margin_px: int,
    photo_rows: float | None = None,
    below_px: int = 0,
    plain_below: float = -np.inf,
) -> tuple[Array, Array, Array]:
    """Vertices, triangles and atlas coordinates of a solid.

    Vertices between a visible and a hidden triangle are doubled, at the same place.

    The photo takes the left `FRONT_SHARE` of the atlas. margin_px: border around the photo, in its pixels.
    photo_rows: see `seen_triangles`. below_px: see `picture_uv`. plain_below: points not above this height
    have the colour of the lowest row, as a block under a bust.
    """
    plain_n = points_n3[:, 1] <= plain_below
    seen_m = seen_triangles(points_n3, faces_m3, camera, margin_px, photo_rows)
    seen_m &= ~plain_n[faces_m3].all(axis=1)
    count = len(points_n3)
    keys_m3 = faces_m3 + np.where(seen_m, 0, count)[:, None]
    used = np.zeros(2 * count, bool)
    used[keys_m3.ravel()] = True
    hidden, source = np.divmod(np.flatnonzero(used), count)
    uv_n2 = picture_uv(points_n3[source], camera, margin_px, below_px)
    uv_n2[plain_n[source], 1] = 0
    uv_n2[:, 0] = np.where(
        hidden == 0, uv_n2[:, 0] * FRONT_SHARE, FRONT_SHARE + uv_n2[:, 0] * (1 - FRONT_SHARE)
    )
    faces = (np.cumsum(used) - 1)[keys_m3].astype(np.int32)
    return points_n3[source], faces, uv_n2.astype(np.float32)


def sample_texture(texture_hwc: Array, uv_n2: Array) -> Array:
    """(n, 3) float32: the texture at `uv_n2`, (0, 0) = lower left corner; bilinear.

    Outside of 0..1 it is the texture's edge.
    """
    height, width = texture_hwc.shape[:2]
    uv_n2 = np.clip(uv_n2, 0, 1)
    columns, rows = uv_n2[:, 0] * width - 0.5, (1 - uv_n2[:, 1]) * height - 0.5
    left, top = np.floor(columns).astype(int), np.floor(rows).astype(int)
    across, down = (columns - left).astype(np.float32)[:, None], (rows - top).astype(np.float32)[:, None]
    left, right = (np.clip(column, 0, width - 1) for column in (left, left + 1))
    top, bottom = (np.clip(row, 0, height - 1) for row in (top, top + 1))
    upper = texture_hwc[top, left] * (1 - across) + texture_hwc[top, right] * across
    lower = texture_hwc[bottom, left] * (1 - across) + texture_hwc[bottom, right] * across
    return upper * (1 - down) + lower * down


def vertex_colours(mesh: Mesh) -> Array:
    """(n, 3) uint8: the vertices' own colours, else the texture at their place, else clay."""
    if mesh.colours_n3 is not None:
        return mesh.colours_n3
    if mesh.texture_hwc is None or mesh.uv_n2 is None:
        return np.tile(np.array(CLAY_RGB, np.uint8), (len(mesh.vertices_n3), 1))
    return np.round(sample_texture(mesh.texture_hwc, mesh.uv_n2)).astype(np.uint8)


def picture_of(relief: Relief) -> Array:
    """(h, w, 3) uint8: the photo, or the depth as grey where the settings ask for that."""
    if not relief.settings.grey:
        return relief.photo.rgb_hwc
    return np.repeat(_whole_subject(relief).as_grey()[..., None], 3, axis=-1)


def model_texture(
    relief: Relief, *, closed: bool, plaque_px: int | None = None, photo_rows: float | None = None
) -> Array:
    """The texture of a model, see `atlas`. A background that is kept keeps its colours."""
    settings, completion = relief.settings, relief.completion
    # The completed side is the person's: not that of a picture with its background, or of the depth in grey.
    wears = completion is not None and settings.foreground_only and not settings.grey
    hidden_hwc = completion.hidden_rgb_hwc if completion is not None and wears else None
    return atlas(
        picture_of(relief),
        _whole_subject(relief),
        settings.texture_side,
        closed,
        plaque_px,
        photo_rows,
        hidden_hwc,
    )


def _whole_subject(relief: Relief) -> DepthMap:
    """The depth map; without its matte, and over the whole picture, where the background is kept."""
    if relief.settings.foreground_only:
        return relief.depth
    return replace(relief.depth, matte_hw=None, mask_hw=relief.subject_hw)
