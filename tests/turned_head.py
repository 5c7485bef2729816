"""An ellipsoid with a symmetric pattern, turned before a pinhole: photo, depth map, hidden side."""

import numpy as np

from face3d.structures import DepthMap, DepthRepresentation, Face, Photo

SIDE = 160
FOV = 30.0
DISTANCE = 0.5 / np.tan(np.radians(FOV) / 2)
RADII = np.array([0.2, 0.27, 0.24])
WIDTH_PX = 2 * RADII[0] * SIDE


def pattern(places_3):
    """Colours 0..255 by the place on the unturned head; the same on both halves."""
    x, y, z = np.abs(places_3[..., 0]), places_3[..., 1], places_3[..., 2]
    waves = [
        np.sin(a * x + b * y + c * z + d) for a, b, c, d in ((30, 9, 8, 0), (14, -16, 5, 1), (9, 12, 14, 2))
    ]
    return 128 + 70 * np.stack(waves, -1)


def normal_of(yaw):
    """Of the mirror plane of a head turned by `yaw` degrees to its left."""
    angle = np.radians(yaw)
    return np.array([np.cos(angle), 0, -np.sin(angle)])


def turned_head(yaw, colours=pattern, backdrop=90):
    """Photo, depth map, and the colours of the last surface (h, w, 3) of a head turned by `yaw` degrees."""
    angle = np.radians(yaw)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    rows, columns = np.indices((SIDE, SIDE)) + 0.5
    rays = np.stack([columns / SIDE - 0.5, 0.5 - rows / SIDE, np.full((SIDE, SIDE), -DISTANCE)], -1)
    eye = np.array([0, 0, DISTANCE])
    scaled_rays, scaled_eye = rays @ turn / RADII, eye @ turn / RADII
    a, b = (scaled_rays**2).sum(-1), scaled_rays @ scaled_eye
    c = scaled_eye @ scaled_eye - 1
    inside = b * b - a * c > 0
    root = np.sqrt(np.where(inside, b * b - a * c, 0))
    near, far = (eye + ((-b + sign * root) / a)[..., None] * rays for sign in (-1, 1))
    front, hidden = (np.round(np.clip(colours(points @ turn), 0, 255)) for points in (near, far))
    rgb = np.where(inside[..., None], front, backdrop).astype(np.uint8)
    values, back = (np.where(inside, points[..., 2], 0).astype(np.float32) for points in (near, far))
    eyes = np.array([[-0.07, 0.05, 0], [0.07, 0.05, 0]])
    eyes[:, 2] = RADII[2] * np.sqrt(1 - ((eyes / RADII)[:, :2] ** 2).sum(-1))
    placed = eyes @ turn.T
    shrink = DISTANCE / (DISTANCE - placed[:, 2])
    found = np.stack([(placed[:, 0] * shrink + 0.5) * SIDE, (0.5 - placed[:, 1] * shrink) * SIDE], -1)
    used = np.argwhere(inside)
    (top, left), (bottom, right) = used.min(0), used.max(0) + 1
    depth = DepthMap(
        values,
        DepthRepresentation.RELIEF,
        inside,
        "formula",
        back_hw=np.minimum(back, values),
        matte_hw=inside.astype(np.float32),
        faces=(Face((left, top, right, bottom), tuple(map(tuple, found.tolist()))),),
        detects_faces=True,
    )
    return Photo(rgb, None, FOV, f"{abs(yaw):064.0f}"), depth, hidden
