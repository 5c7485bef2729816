"""Contact sheets for the model card: one real photograph transformed, and the held-out heads with the largest
errors.

    python -m training.release.contact_sheets --face-model PATH --out docs/pictures

Prints, for each transform, the correlation of its relief with that of the plain crop, over the pixels that
are head in both.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from skimage.data import astronaut

from face3d.depth.face.estimator import FaceEstimator
from face3d.depth.face.network import FaceNetwork, load_face_network
from face3d.structures import Array, DepthMap, Photo
from training.dataset import GROUPS
from training.evaluation.evaluate import QUICK_HEADS, held_out
from training.evaluation.methods import full_pipeline
from training.evaluation.metrics import Prediction, head_metrics

TILE = 192
WORST, MOST_OF_TWO_PEOPLE = 12, 4
"""Heads in the gallery of failures, and the most of them that may show two people: other causes show too."""
CROP_XYXY = (60, 0, 380, 320)
"""Head and shoulders in the photograph."""


def photo_transforms() -> dict[str, tuple[Array, Array]]:
    """By name: a picture (h, w, 3) uint8 and the affine map (2, 3) from the plain crop to it, pixels."""
    whole = astronaut()
    x, y, right, bottom = CROP_XYXY
    crop = whole[y:bottom, x:right]
    side = len(crop)
    plain = np.array([[1.0, 0, 0], [0, 1, 0]])
    made = {"plain": (crop, plain)}
    for name, (dx0, dy0, dx1, dy1) in {
        "tight": (60, 0, -70, -100),
        "wide": (-60, 0, 132, 192),
        "to the left": (-50, 0, -50, 0),
    }.items():
        picture = whole[max(0, y + dy0) : bottom + dy1, max(0, x + dx0) : right + dx1]
        made[name] = picture, plain - [[0, 0, dx0], [0, 0, dy0]]
    for size in (96, 160, 640):
        picture = cv2.resize(
            crop, (size, size), interpolation=cv2.INTER_AREA if size < side else cv2.INTER_CUBIC
        )
        made[f"{size} px"] = picture, plain * (size / side)
    for angle in (-25, 15):
        turn = cv2.getRotationMatrix2D((side / 2, side / 2), angle, 1)
        made[f"turned {angle}°"] = (
            cv2.warpAffine(crop, turn, (side, side), borderMode=cv2.BORDER_REFLECT),
            turn,
        )
    grey = np.repeat(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[..., None], 3, -1)
    made["grey"] = grey, plain
    made["dark"] = (crop * 0.35).astype(np.uint8), plain
    made["mirrored"] = crop[:, ::-1], np.array([[-1.0, 0, side], [0, 1, 0]])
    return made


def stability(network: FaceNetwork) -> tuple[dict[str, float], Array]:
    """Correlation of relief with that of the plain crop, by transform, and a contact sheet."""
    reference: DepthMap | None = None
    found, tiles = {}, []
    for name, (picture, to_picture) in photo_transforms().items():
        depth = FaceEstimator(network).predict(Photo(np.ascontiguousarray(picture), None, None, ""))
        reference = reference or depth
        size = reference.values_hw.shape[::-1]
        back = cv2.invertAffineTransform(to_picture)
        relief = cv2.warpAffine(depth.values_hw, back, size, flags=cv2.INTER_LINEAR)
        mask = cv2.warpAffine(depth.mask_hw.astype(np.uint8), back, size, flags=cv2.INTER_NEAREST) > 0
        head = np.zeros_like(mask)
        left, top, right, bottom = (max(0, round(edge)) for edge in reference.faces[0].box_xyxy)
        head[top:bottom, left:right] = True
        both = head & mask & reference.mask_hw
        found[name] = float(np.corrcoef(relief[both], reference.values_hw[both])[0, 1])
        tiles.append(_tile(f"{name}: {found[name]:.3f}", picture, depth.values_hw, depth.mask_hw))
    return found, tile_grid(tiles, 3)


def gallery(network: FaceNetwork, records: list[Any]) -> tuple[list[str], Array]:
    """Heads with the largest relief error: a line of text each, and a sheet of photo, truth and map."""
    method = full_pipeline(network)
    predictions = [method(record) for record in records]
    errors = [
        head_metrics(record, prediction)["relief %"]
        for record, prediction in zip(records, predictions, strict=True)
    ]
    lines, tiles = [], []
    names_of = [
        [name for bit, name in enumerate(GROUPS) if int(record["has"]) >> bit & 1] for record in records
    ]
    for place, number in enumerate(worst(errors, ["two people" in names for names in names_of]), 1):
        record, prediction, names = records[number], predictions[number], names_of[number]
        lines.append(
            f"{place}. relief {errors[number]:.1f} %, yaw {float(record['yaw']):.0f}°: {', '.join(names)}"
        )
        tiles.append(_failure(f"{place}: {errors[number]:.1f} %", record, prediction))
    return lines, tile_grid(tiles, 3)


def worst(errors: list[float], two_people: list[bool]) -> list[int]:
    """Numbers of the WORST largest errors, in falling order; at most MOST_OF_TWO_PEOPLE have two people."""
    order = [int(number) for number in np.argsort(errors)[::-1]]
    barred = [number for number in order if two_people[number]][MOST_OF_TWO_PEOPLE:]
    return [number for number in order if number not in barred][:WORST]


def _failure(title: str, record: Any, prediction: Prediction) -> Array:
    truth, person = record["relief"].astype(np.float32), record["matte"] > 127
    return np.hstack(
        [_tile(title, record["rgb"], truth, person), _grey(prediction.relief_hw, prediction.matte_hw > 0.5)]
    )


def _tile(title: str, picture: Array, relief_hw: Array, mask_hw: Array) -> Array:
    photo = cv2.resize(np.ascontiguousarray(picture), (TILE, TILE), interpolation=cv2.INTER_AREA)
    # A black outline from four shifted copies: a thicker stroke has another width in OpenCV 5.
    for x, y, level in ((4, 0, 0), (6, 0, 0), (5, 1, 0), (5, -1, 0), (5, 0, 255)):
        place, colour = (x, TILE - 8 + y), (level,) * 3
        cv2.putText(photo, title, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
    return np.hstack([photo, _grey(relief_hw, mask_hw)])


def _grey(relief_hw: Array, mask_hw: Array) -> Array:
    """A picture of the relief over its range in the mask: lighter is nearer, black is outside."""
    low, high = np.quantile(relief_hw[mask_hw], [0.02, 0.995]) if mask_hw.any() else (0.0, 1.0)
    grey = np.where(mask_hw, 40 + 215 * np.clip((relief_hw - low) / max(high - low, 1e-6), 0, 1), 0).astype(
        np.uint8
    )
    return np.repeat(cv2.resize(grey, (TILE, TILE), interpolation=cv2.INTER_AREA)[..., None], 3, -1)


def tile_grid(tiles: list[Array], columns: int) -> Array:
    """One picture with the tiles in rows; black tiles fill the last row."""
    blank = [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack((tiles + blank)[i : i + columns]) for i in range(0, len(tiles) + len(blank), columns)]
    return np.vstack(rows)


def main() -> None:
    """Writes stability.png and failures.png."""
    parser = argparse.ArgumentParser(description="Make the contact sheets of the model card.")
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--data", type=Path, default=Path("data/held_out"))
    parser.add_argument(
        "--face-model", type=Path, help="needed only where the held-out set is not rendered yet"
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    network = load_face_network(options.weights)
    correlations, sheet = stability(network)
    _write(options.out / "stability.png", sheet)
    for name, value in correlations.items():
        print(f"{name}: {value:.3f}")
    lines, sheet = gallery(network, list(held_out(options.face_model, options.data, QUICK_HEADS).values()))
    _write(options.out / "failures.png", sheet)
    print("\n".join(lines))


def _write(path: Path, picture: Array) -> None:
    if not cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1])):
        raise OSError(f"{path} could not be written.")


if __name__ == "__main__":
    main()
