"""The detector as a detector: heads found among held-out heads, and found where there is no person.

    python -m training.evaluation.detection --face-model PATH [--people-model PATH --rooms PATH]
        [--weights assets/face_depth.safetensors] [--data data/held_out] [--heads 1024] [--pictures 80]
    python -m training.evaluation.detection --face-model PATH [...] --fit --data data/fit

Heads are of the first kind, and of people in a set beside it where their model is given.

Pictures without a person are photographs and textures of scikit-image, whole and in parts, and drawn ones:
backdrops, animals, things and rooms, `--pictures` of each kind. The table holds the share of them in which
a head is found, and the share of the held-out heads that are found, upright and turned.

`--fit` fits the weights of `face3d.depth.face.evidence` instead, on other seeds: heads of its own set
against the same heads turned and against drawn pictures. No photograph takes part in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage.data
from scipy.optimize import minimize

from face3d.depth.face.detection import DetectedHead, detect_heads, upright_heads
from face3d.depth.face.evidence import head_evidence
from face3d.depth.face.interface import FacePredictor
from face3d.depth.face.network import load_face_network
from face3d.structures import TURNS, Array, Photo
from training.dataset import HELD_OUT_FIRST_SEED
from training.evaluation.evaluate import HEADS, held_out
from training.rendering.sample import photo_of_nobody
from training.scenes.nobody import KINDS

FIT_FIRST_SEED = 2 * HELD_OUT_FIRST_SEED
SIDE = 256
PICTURES = 80
FIT_RECALL = 0.99
"""Share of the heads of the fit that count as heads."""
PHOTOGRAPHS = (
    "brick",
    "cell",
    "chelsea",
    "clock",
    "coffee",
    "coins",
    "colorwheel",
    "grass",
    "gravel",
    "horse",
    "hubble_deep_field",
    "immunohistochemistry",
    "logo",
    "microaneurysms",
    "moon",
    "page",
    "retina",
    "rocket",
    "shepp_logan_phantom",
    "text",
)
"""Pictures of `skimage.data` without a person that its package carries."""
PARTS = 4
"""Random square parts of each of them that are pictures of their own."""


def photographs(parts: int = PARTS) -> Iterator[Array]:
    """Each of `PHOTOGRAPHS`, mirrored too, and `parts` random parts of it: (h, w, 3) uint8."""
    rng = np.random.default_rng(0)
    for name in PHOTOGRAPHS:
        picture = _rgb(getattr(skimage.data, name)())
        yield picture
        yield np.ascontiguousarray(picture[:, ::-1])
        for _ in range(parts):
            side = round(min(picture.shape[:2]) * rng.uniform(0.4, 1))
            top, left = (rng.integers(0, length - side + 1) for length in picture.shape[:2])
            yield np.ascontiguousarray(picture[top : top + side, left : left + side])


def _rgb(picture: Array) -> Array:
    """A picture of scikit-image of any type as (h, w, 3) uint8."""
    if picture.dtype != np.uint8:
        picture = np.round(255 * (picture / max(float(picture.max()), 1e-9))).astype(np.uint8)
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    return np.ascontiguousarray(picture[..., :3])


def drawn(kind: str, count: int, first_seed: int) -> Iterator[Array]:
    """Pictures of one of `KINDS`, or of "backdrop": (SIDE, SIDE, 3) uint8, one per seed."""
    for seed in range(first_seed, first_seed + count):
        yield photo_of_nobody(kind, np.random.default_rng(seed), SIDE)[0]


def heads_in(network: FacePredictor, rgb_hwc: Array) -> list[DetectedHead]:
    """The heads that the product finds."""
    return upright_heads(network, _photo(rgb_hwc))[1]


def regions_in(network: FacePredictor, rgb_hwc: Array) -> list[DetectedHead]:
    """The regions that may be heads, however doubtful."""
    return detect_heads(network, _photo(rgb_hwc), least_confidence=0.0)[1]


def _photo(rgb_hwc: Array) -> Photo:
    return Photo(np.ascontiguousarray(rgb_hwc), None, None, "")


def is_head(head: DetectedHead, record: Any) -> bool:
    """Whether a head that was found is one of the record's people: about as wide, at about its place."""
    left, top, right, bottom = head.box.corners
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    return any(
        width > 0 and 0.5 < (right - left) / width < 2 and np.linalg.norm(middle - [x, y]) < 0.5 * width
        for x, y, width in record["heads"]
    )


def evaluate(network: FacePredictor, sets: dict[str, list[Any]], count: int) -> None:
    """Prints the table. sets: records by kind of scene."""
    print(f"| {'pictures':24} | {'number':>6} | {'a head found':>12} |\n|---|--:|--:|")
    for kind, records in sets.items():
        found = [
            any(is_head(head, record) for head in heads_in(network, record["rgb"])) for record in records
        ]
        of_faces = [hit for hit, record in zip(found, records, strict=True) if record["eyes"][:, 2].any()]
        _row(f"{kind}, heads", sum(found), len(found))
        _row("with an eye in view", sum(of_faces), len(of_faces))
        turned = records[: max(1, len(records) // 4)]
        for degrees in TURNS[1:]:
            wrong = [bool(heads_in(network, np.rot90(record["rgb"], -degrees // 90))) for record in turned]
            _row(f"the same, turned {degrees}°", sum(wrong), len(wrong))
    total = np.zeros(2, int)
    kinds = {kind: drawn(kind, count, HELD_OUT_FIRST_SEED) for kind in ("backdrop", *KINDS)}
    for kind, pictures in {"photographs": photographs(), **kinds}.items():
        wrong = [bool(heads_in(network, picture)) for picture in pictures]
        _row(kind, sum(wrong), len(wrong))
        total += (sum(wrong), len(wrong))
    _row("all without a person", *total)


def _row(name: str, found: int, count: int) -> None:
    print(f"| {name:24} | {count:6} | {100 * found / count:10.1f} % |", flush=True)


def fit(network: FacePredictor, records: list[Any], count: int) -> None:
    """Prints the weights of a logistic regression of head or not, and its bias at `FIT_RECALL`."""
    heads: list[Array] = []
    others: list[Array] = []
    for number, record in enumerate(records):
        for head in regions_in(network, record["rgb"]):
            (heads if is_head(head, record) else others).append(_evidence(head))
        turned = np.rot90(record["rgb"], 1 + number % 3)
        others += [_evidence(head) for head in regions_in(network, turned)]
    for kind in ("backdrop", *KINDS):
        for picture in drawn(kind, count, FIT_FIRST_SEED):
            others += [_evidence(head) for head in regions_in(network, picture)]
    evidence_nk, true_n = np.array(heads + others), np.arange(len(heads + others)) < len(heads)
    weights_k = _logistic(evidence_nk, true_n)
    score_n = evidence_nk @ weights_k
    bias = -np.quantile(score_n[true_n], 1 - FIT_RECALL)
    print(f"WEIGHTS = {tuple(round(float(weight), 2) for weight in weights_k)}, BIAS = {bias:.2f}")
    wrong = (score_n[~true_n] + bias >= 0).mean()
    print(f"{len(heads)} heads; {len(others)} others, of which {100 * wrong:.1f} % pass for a head")


def _evidence(head: DetectedHead) -> Array:
    return head_evidence(head.prediction, head.crop, head.box)


def _logistic(evidence_nk: Array, true_n: Array) -> Array:
    """Weights (k,) with a slight penalty on their squares; both classes count alike."""
    share_n = np.where(true_n, 0.5 / true_n.sum(), 0.5 / (~true_n).sum())

    def loss(values: Array) -> float:
        score_n = evidence_nk @ values[:-1] + values[-1]
        return float((share_n * np.logaddexp(0, np.where(true_n, -score_n, score_n))).sum()) + 1e-3 * float(
            (values[:-1] ** 2).sum()
        )

    return np.asarray(minimize(loss, np.zeros(evidence_nk.shape[1] + 1)).x[:-1])


def main() -> None:
    """Evaluates or fits."""
    parser = argparse.ArgumentParser(description="How well heads are found, and only heads.")
    parser.add_argument("--face-model", type=Path, help="to render the set where it is missing")
    parser.add_argument("--people-model", type=Path, help="for heads of people too: makehuman.npz")
    parser.add_argument("--rooms", type=Path, help="for heads of people: rooms.npz")
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--data", type=Path, default=Path("data/held_out"))
    parser.add_argument("--heads", type=int, default=HEADS)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="drawn ones of each kind")
    parser.add_argument("--fit", action="store_true", help="fit the weights of the evidence instead")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    first_seed = FIT_FIRST_SEED if options.fit else HELD_OUT_FIRST_SEED
    asked = options.heads, first_seed, SIDE
    sets = {"first kind": list(held_out(options.face_model, options.data, *asked).values())}
    if options.people_model:
        beside = options.data.with_name(f"{options.data.name}_people")
        people = held_out(options.face_model, beside, *asked, options.people_model, options.rooms)
        sets["people"] = list(people.values())
    network = load_face_network(options.weights)
    if options.fit:
        fit(network, [record for records in sets.values() for record in records], options.pictures)
    else:
        evaluate(network, sets, options.pictures)


if __name__ == "__main__":
    main()
