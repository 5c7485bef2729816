"""The MakeHuman body (CC0): base mesh, morphs, and what is bound to it: hair, brows, lashes, teeth, clothes.

Reads the packed `makehuman.npz`, see docs/people.md. Lengths in centimetres, +Y up, +Z out of the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from face3d.structures import Array

CENTIMETRES = 10.0
"""In one unit of the pack, the decimetre."""
SKIN = slice(0, 13380)
"""Vertices of the skin; the others are cages that are not drawn."""
EYEBALLS = (slice(14670, 14742), slice(14598, 14670))
"""Vertices of the eyeballs, the one on -X (left in a frontal picture) first."""


@dataclass(frozen=True, eq=False)
class Proxy:
    """A mesh bound to the base mesh, with a vertex for each pair of place and texture coordinate.

    place_v: number of the bound point of each vertex, so that seams share a place. triangles_m3: of vertices.
    uv_v2: float32. index_p3, weight_p3, offset_p3: a bound point is the weighted sum of three base vertices
    and an offset. scale_33: per axis two base vertices and their distance along it, by which offsets scale.
    """

    place_v: Array
    triangles_m3: Array
    uv_v2: Array
    index_p3: Array
    weight_p3: Array
    offset_p3: Array
    scale_33: Array

    def bound(self, base_v3: Array) -> Array:
        """The points (p, 3) float32 on a shaped base mesh, before `place_v` spreads them."""
        points = np.einsum("pk,pkc->pc", self.weight_p3, base_v3[self.index_p3])
        first, second = self.scale_33[:, 0].astype(int), self.scale_33[:, 1].astype(int)
        axes = np.arange(3)
        span = np.abs(base_v3[first, axes] - base_v3[second, axes]) / self.scale_33[:, 2]
        return (points + self.offset_p3 * span).astype(np.float32)


@dataclass(frozen=True, eq=False)
class BodyModel:
    """base_v3: float32. skin_m3: triangles of the skin. morphs: by name, vertices and their offsets (k, 3).
    proxies: by kind and name, such as "hair/bob01".
    """

    base_v3: Array
    skin_m3: Array
    morphs: dict[str, tuple[Array, Array]]
    proxies: dict[str, Proxy]

    def shaped(self, weights: dict[str, float]) -> Array:
        """The base mesh with morphs added, (v, 3) float32."""
        points = self.base_v3.copy()
        for name, weight in weights.items():
            index, offset = self.morphs[name]
            points[index] += np.float32(weight) * offset
        return points

    def names(self, kind: str) -> list[str]:
        """The names of the proxies of a kind, such as "hair/bob01" of "hair"."""
        return sorted(name for name in self.proxies if name.startswith(f"{kind}/"))


def load_body_model(path: Path) -> BodyModel:
    """Reads the pack. Raises FileNotFoundError where it is missing."""
    if not path.is_file():
        raise FileNotFoundError(
            f"No people model at {path}: give makehuman.npz with --people-model, see docs/people.md."
        )
    with np.load(path) as packed:
        targets = [key.removesuffix("/index") for key in packed if key.endswith("/index")]
        morphs = {
            name.removeprefix("target/"): (
                packed[f"{name}/index"].astype(np.int32),
                packed[f"{name}/offset"].astype(np.float32) * CENTIMETRES,
            )
            for name in targets
        }
        kinds = [key.removesuffix("/bind_index") for key in packed if key.endswith("/bind_index")]
        proxies = {kind: _proxy({part: packed[f"{kind}/{part}"] for part in PROXY_PARTS}) for kind in kinds}
        skin = packed["base/triangles"][
            packed["base/group"] == list(packed["base/group_names"]).index("body")
        ]
        base = packed["base/vertices"].astype(np.float32) * CENTIMETRES
        return BodyModel(base, np.ascontiguousarray(skin, np.int32), morphs, proxies)


PROXY_PARTS = ("triangles", "triangles_uv", "uv", "bind_index", "bind_weight", "bind_offset", "scale")


def _proxy(part: dict[str, Array]) -> Proxy:
    corners = np.stack([part["triangles"].ravel(), part["triangles_uv"].ravel()], 1)
    pairs, corner = np.unique(corners, axis=0, return_inverse=True)
    scale = part["scale"].astype(np.float64) * [1, 1, CENTIMETRES]
    return Proxy(
        pairs[:, 0],
        corner.reshape(-1, 3).astype(np.int32),
        part["uv"][pairs[:, 1]].astype(np.float32),
        part["bind_index"].astype(np.int64),
        part["bind_weight"].astype(np.float32),
        part["bind_offset"].astype(np.float32) * CENTIMETRES,
        scale,
    )
