"""What mending the matte changes on held-out synthetic heads, by threshold.

    python -m training.evaluation.mending --data data/held_out --data data/held_out_people [--heads 70]

The columns are pixels that mending takes away and adds, of the background and of the person, as shares of all
pixels that the network's own matte takes for a person wrongly (background) or that are a person (person).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from face3d.depth.face import estimator
from face3d.depth.face.colour_cut import Boxes, cut_by_colours
from face3d.depth.face.mending import (
    fill_holes,
    mend,
    remove_hanging_pieces,
    remove_haze,
    remove_stray_regions,
)
from face3d.depth.face.network import load_face_network
from face3d.structures import Array, Photo
from training.evaluation.evaluate import held_out
from training.evaluation.metrics import print_table

HAZE = 0.5, 0.6, 0.7, 0.8, 0.9
HANGING = 0.6, 0.7, 0.8
GAP = 0.1, 0.2, 0.3, 0.4, 0.45
UNSURE = 0.0, 0.02, 0.04, 0.08
Rule = Callable[[Array, Array, Boxes], Array]


def own_mattes(weights: Path, records: list[Any]) -> list[tuple[Array, Array, Array, Boxes]]:
    """Per record in which a head is found: the person (h, w) bool, the network's own matte, the photo
    (h, w, 3), and the heads.
    """
    found: list[tuple[Array, Array, Array, Boxes]] = []
    with patch.object(estimator, "mend", lambda matte_hw, *_: matte_hw):
        network = estimator.FaceEstimator(load_face_network(weights))
        for record in records:
            rgb_hwc = np.ascontiguousarray(record["rgb"])
            depth = network.predict(Photo(rgb_hwc, None, None, ""))
            if depth.faces and depth.matte_hw is not None:
                boxes = [face.box_xyxy for face in depth.faces]
                found.append((record["matte"] > 127, depth.matte_hw, rgb_hwc, boxes))
    return found


def changes(heads: list[tuple[Array, Array, Array, Boxes]], rule: Rule) -> dict[str, float]:
    """A row of the table: what `rule` takes away and adds, per cent, and the mean IoU after it."""
    wrong = person = 0
    counts = dict.fromkeys(("background away", "person away", "person added", "background added"), 0)
    overlaps = []
    for person_hw, matte_hw, rgb_hwc, boxes in heads:
        was_hw, is_hw = matte_hw > 0.5, rule(matte_hw, rgb_hwc, boxes) > 0.5
        wrong += int((was_hw & ~person_hw).sum())
        person += int(person_hw.sum())
        for name, changed_hw in (("away", was_hw & ~is_hw), ("added", is_hw & ~was_hw)):
            counts[f"person {name}"] += int((changed_hw & person_hw).sum())
            counts[f"background {name}"] += int((changed_hw & ~person_hw).sum())
        overlaps.append((is_hw & person_hw).sum() / (is_hw | person_hw).sum())
    shares = {
        f"{name} %": 100 * count / (wrong if name.startswith("background") else person)
        for name, count in counts.items()
    }
    return shares | {"matte IoU": float(np.mean(overlaps))}


def rules() -> dict[str, Rule]:
    """By the name of the row."""
    named: dict[str, Rule] = {"as the network gives it": lambda matte_hw, *_: matte_hw}
    named |= {f"colours where {least} is unsure": _colours_from(least) for least in UNSURE}
    named["stray regions removed"] = lambda matte_hw, _, heads: remove_stray_regions(matte_hw, heads)
    named |= {f"haze below {haze}": _haze_below(haze) for haze in HAZE}
    named |= {f"hanging pieces below {hanging} removed": _hanging_below(hanging) for hanging in HANGING}
    named |= {f"holes from {gap} on filled": _holes_from(gap) for gap in GAP}
    return named | {"all, as chosen": mend}


def _hanging_below(hanging: float) -> Rule:
    return lambda matte_hw, _, heads: remove_hanging_pieces(matte_hw, heads, hanging=hanging)


def _haze_below(haze: float) -> Rule:
    return lambda matte_hw, _, heads: remove_haze(matte_hw, heads, haze=haze)


def _colours_from(least: float) -> Rule:
    return lambda matte_hw, rgb_hwc, heads: cut_by_colours(matte_hw, rgb_hwc, heads, least_unsure=least)


def _holes_from(gap: float) -> Rule:
    return lambda matte_hw, _, heads: fill_holes(matte_hw, heads, gap=gap)


def main() -> None:
    """Prints a table per set."""
    parser = argparse.ArgumentParser(description="What mending the matte changes, by threshold.")
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--data", type=Path, action="append", required=True, help="folder of a held-out set")
    parser.add_argument("--heads", type=int, default=70)
    options = parser.parse_args()
    for folder in options.data:
        heads = own_mattes(options.weights, list(held_out(None, folder, options.heads).values()))
        print(f"\n{folder.name}: {len(heads)} of {options.heads} photos with a head that is found\n")
        print_table({name: changes(heads, rule) for name, rule in rules().items()})


if __name__ == "__main__":
    main()
