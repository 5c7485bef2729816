"""Packs the ICT face model into the head model that ships.

    python -m training.release.pack_head_model --face-model ict-facekit.npz --out assets/head_model.npz

The identity modes are made anew: the principal directions, over the surface of head and of face, of the
heads that the model draws; the first that explain SHARE of the variance of both are kept. Their coefficients
have a variance of one each, like the originals. Offsets are rounded to STEP_MM.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from face3d.head.model import FORMAT, SURFACES
from face3d.structures import Array
from training.scenes.face_model import HEAD, NARROW_FACE, PIVOT, FaceModel, find_regions, load_face_model

SHARE = 0.98
"""Share of the variance of identities that the kept modes explain."""
STEP_MM = 0.02
LEFT_OUT = "PupilDilate_L", "PupilDilate_R", "cheekRaiser_L", "cheekRaiser_R"
"""Expressions without a counterpart among ARKit's blend shapes."""


def principal_modes(model: FaceModel, regions: list[Array], share: float) -> tuple[Array, list[float]]:
    """The fewest principal modes (k, v, 3) float32 that explain `share` of the variance in each region, and
    the shares that they explain there.

    regions: weights (v,) of vertices. Each region's whole variance counts alike in the choice of the modes.
    """
    count = len(model.identity_kv3)

    def weighted(modes_kv3: Array, weight_v: Array) -> Array:
        used = weight_v > 0
        scaled = modes_kv3[:, used] * np.sqrt(weight_v[used])[None, :, None]
        return np.asarray(scaled.reshape(len(modes_kv3), -1), np.float64)

    parts = [weighted(model.identity_kv3, region) for region in regions]
    _, turn = np.linalg.eigh(sum(part @ part.T / (part**2).sum() for part in parts))
    modes = np.tensordot(turn[:, ::-1].T, model.identity_kv3, 1).astype(np.float32)
    explained = []
    for region in regions:
        part = weighted(modes, region)
        gram = part @ part.T
        left = np.array([np.trace(gram[k:, k:]) for k in range(count)] + [0.0])
        explained.append(1 - left / left[0])
    kept = max(int(np.argmax(shares >= share)) for shares in explained)
    return modes[:kept], [float(shares[kept]) for shares in explained]


def vertex_areas(model: FaceModel) -> Array:
    """Area of the surface that belongs to each vertex, (v,)."""
    corners = model.neutral_v3[model.triangles_m3]
    double = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.zeros(len(model.neutral_v3))
    np.add.at(area, model.triangles_m3, np.linalg.norm(double, axis=1)[:, None] / 6)
    return area


def packed(face_model: Path) -> tuple[dict[str, Array], list[float]]:
    """The arrays of the file, see `face3d.head.model`, and the shares explained of head and of face."""
    model = load_face_model(face_model)
    regions = find_regions(model)
    area, above = vertex_areas(model), regions.above_chin > 0
    inside = np.zeros((2, len(area)))
    inside[0, HEAD], inside[1, NARROW_FACE] = (area * above)[HEAD], area[NARROW_FACE]
    modes, shares = principal_modes(model, list(inside), SHARE)
    width_cm = float(np.ptp(model.neutral_v3[HEAD, 0][above[HEAD]]))
    named = [i for i, name in enumerate(model.expression_names) if name not in LEFT_OUT]
    with np.load(face_model) as source:
        wanted = [list(source["material_names"]).index(name) for name in SURFACES]
        chosen = np.isin(source["material"], wanted)
        material = np.array([wanted.index(m) for m in source["material"][chosen]], np.uint8)
        order = np.argsort(material, kind="stable")
        triangles, uv_triangles = (source[name][chosen][order] for name in ("tri", "tri_uv"))
        used, triangles = np.unique(triangles, return_inverse=True)
        used_uv, uv_triangles = np.unique(uv_triangles, return_inverse=True)
        uv = source["uv"][used_uv]
    if not (used[: HEAD.stop] == np.arange(HEAD.stop)).all():
        raise ValueError("The face model is of another topology: its skin does not come first.")
    step_cm = STEP_MM / 10
    return {
        "format": np.array(FORMAT),
        "width_mm": np.float32(width_cm * 10),
        "step": np.float32(step_cm / width_cm),
        "skin_vertices": np.int32(HEAD.stop),
        "neutral": ((model.neutral_v3[used] - PIVOT) / width_cm).astype(np.float32),
        "identity": _in_planes(modes[:, used], step_cm),
        "expression": _in_planes(model.expression_kv3[named][:, used], step_cm),
        "expression_names": np.array([model.expression_names[i] for i in named]),
        "triangles": triangles.reshape(-1, 3).astype(np.uint16),
        "material": material[order],
        "uv": np.round(uv * 65535).astype(np.uint16),
        "uv_triangles": uv_triangles.reshape(-1, 3).astype(np.uint16),
    }, shares


def _in_planes(offsets_kv3: Array, step: float) -> Array:
    """Offsets in whole steps as (2, k, 3, v) uint8, low and high bytes apart: they compress better so."""
    steps = np.round(offsets_kv3 / step).astype(np.int16).transpose(0, 2, 1)
    # Differences of neighbours in the list are smaller than the offsets.
    steps = np.diff(steps, axis=-1, prepend=np.int16(0))
    bits = np.ascontiguousarray(steps).view(np.uint16)
    return np.stack([bits & 255, bits >> 8]).astype(np.uint8)


def main() -> None:
    """Packs the model."""
    parser = argparse.ArgumentParser(description="Pack the head model that ships.")
    parser.add_argument("--face-model", type=Path, required=True, help="ict-facekit.npz")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    arrays, (head, face) = packed(options.face_model)
    partial = options.out.with_suffix(".part.npz")
    np.savez_compressed(partial, allow_pickle=False, **arrays)
    os.replace(partial, options.out)
    modes = arrays["identity"].shape[1]
    print(
        f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, {modes} identity modes, which explain "
        f"{head:.1%} of the shape of the head and {face:.1%} of the face; offsets rounded by at most "
        f"{STEP_MM / 2} mm per coordinate"
    )


if __name__ == "__main__":
    main()
