"""The log of a run as a picture: each loss term against the samples seen.

    python -m training.release.curves --run runs/face --out docs/pictures/training.png

The log is log.jsonl in the folder of the run, see `training.train`.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot

matplotlib.use("Agg")

TERMS = (
    "shift-invariant",
    "absolute",
    "slope",
    "normals",
    "thickness",
    "matte",
    "head",
    "eyes",
    "canonical",
    "skin",
)
LIKELIHOODS = ("uncertainty", "thickness uncertainty", "canonical uncertainty")
"""The terms that fall below zero: drawn on an axis of their own, which is linear."""
SHADES = ("0.97", "0.91", "0.85", "0.79")
"""Greys behind the stretches of a run, one per input side."""


def draw(log: Path, out: Path) -> int:
    """Draws the lines of a log into a PNG; returns their number. Raises ValueError where there is none."""
    # A resumed run repeats a few lines: the last one counts.
    by_seen = {line["seen"]: line for line in map(json.loads, log.read_text().splitlines())}
    lines = [by_seen[seen] for seen in sorted(by_seen)]
    if not lines:
        raise ValueError(f"{log} has no lines yet: train a little longer.")
    seen = [line["seen"] / 1000 for line in lines]
    figure, (losses, likelihood, rate) = pyplot.subplots(
        3, 1, figsize=(9, 7.5), sharex=True, height_ratios=(4, 1, 1)
    )
    for term in (*TERMS, *LIKELIHOODS):  # older lines lack newer terms
        axes = likelihood if term in LIKELIHOODS else losses
        axes.plot(seen, [line.get(term, float("nan")) for line in lines], label=term, linewidth=1)
    _shade_sides(losses, lines)
    losses.set(yscale="log", ylabel="loss term, unweighted")
    losses.legend(ncols=2, fontsize=8)
    likelihood.set(ylabel="stated errors")
    likelihood.legend(fontsize=8)
    rate.plot(seen, [line["rate"] for line in lines], color="black", linewidth=1)
    rate.set(ylabel="learning rate", xlabel="thousand samples seen")
    figure.tight_layout()
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=110)
    pyplot.close(figure)
    return len(lines)


def _shade_sides(axes: Any, lines: list[dict[str, float]]) -> None:
    """A grey behind each stretch of one input side; each side has one grey and one entry in the legend."""
    stretches = [
        (side, next(group)["seen"] / 1000)
        for side, group in itertools.groupby(lines, lambda line: line["side"])
    ]
    ends = [start for _, start in stretches[1:]] + [lines[-1]["seen"] / 1000]
    shades: dict[float, str] = {}
    for (side, start), end in zip(stretches, ends, strict=True):
        label = None if side in shades else f"side {side} px"
        shade = shades.setdefault(side, SHADES[len(shades) % len(SHADES)])
        axes.axvspan(start, end, color=shade, linewidth=0, label=label)


def main() -> None:
    """Draws the curves of a run."""
    parser = argparse.ArgumentParser(description="Draw the curves of a training run.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(f"{options.out}: {draw(options.run / 'log.jsonl', options.out)} lines")


if __name__ == "__main__":
    main()
