"""Photos and depth maps of known shapes, made from formulas, for tests and benchmarks."""

import numpy as np

from face3d.structures import DepthMap, DepthRepresentation, Face, Photo


def photo_of(size_hw: tuple[int, int], seed: int = 0, fov_degrees: float | None = None) -> Photo:
    """A photo of smooth coloured noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(size_hw) / max(size_hw)
    waves = [127 + 100 * np.sin(rng.uniform(3, 9) * columns + rng.uniform(3, 9) * rows + k) for k in range(3)]
    return Photo(np.stack(waves, -1).astype(np.uint8), None, fov_degrees, "0" * 64)


def sphere(size_hw: tuple[int, int], distance: float, radius: float = 0.3) -> DepthMap:
    """Exact front and back relief of a sphere, seen by a pinhole `distance` image widths away."""
    height, width = size_hw
    rows, columns = np.indices(size_hw)
    u, v = (columns + 0.5) / width - 0.5, (rows + 0.5 - height / 2) / width
    # Ray (u t, -v t, D - D t) for t > 0; |point| = radius.
    a, b, c = u**2 + v**2 + distance**2, -(distance**2), distance**2 - radius**2
    inside = b * b - a * c
    mask = inside > 0
    root = np.sqrt(np.where(mask, inside, 0))
    front, back = distance - distance * (-b - root) / a, distance - distance * (-b + root) / a
    front_hw, back_hw = (np.where(mask, layer, 0).astype(np.float32) for layer in (front, back))
    return DepthMap(
        front_hw, DepthRepresentation.RELIEF, mask, "formula", back_hw=np.minimum(back_hw, front_hw)
    )


def head(size_hw: tuple[int, int] = (96, 80)) -> DepthMap:
    """Head and shoulders of ellipsoids under parallel rays, cut by the lower edge; nose, eyes, soft matte."""
    height, width = size_hw
    rows, columns = np.indices(size_hw)
    u, v = (columns + 0.5) / width - 0.5, (rows + 0.5 - height / 2) / width
    skull = 1 - (u / 0.25) ** 2 - ((v + 0.15) / 0.32) ** 2
    body = 1 - (u / 0.47) ** 2 - ((v - 0.62) / 0.5) ** 2
    thick = np.maximum(0.3 * np.sqrt(np.maximum(skull, 0)), 0.22 * np.sqrt(np.maximum(body, 0)))
    mask = (skull > 0) | (body > 0)
    nose = 0.05 * np.exp(-((u / 0.03) ** 2) - ((v + 0.12) / 0.06) ** 2)
    front_hw = np.where(mask, thick + nose, 0).astype(np.float32)
    matte_hw = np.clip(0.5 + 0.5 * np.maximum(skull, body) * 20, 0, 1).astype(np.float32)
    eyes = ((0.42 * width, height / 2 - 0.2 * width), (0.58 * width, height / 2 - 0.2 * width))
    face = Face((0.25 * width, 0.0, 0.75 * width, height / 2 + 0.2 * width), eyes)
    return DepthMap(
        front_hw,
        DepthRepresentation.RELIEF,
        mask,
        "formula",
        np.where(mask, -thick, 0).astype(np.float32),
        None,
        matte_hw,
        (face,),
        True,
    )
