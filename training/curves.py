"""The log of a run as a picture: each loss term against the samples seen.

python -m training.curves --run runs/face --out docs/pictures/training.png
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

TERMS = ("shape", "place", "slope", "normals", "thickness", "matte", "head", "eyes")


def draw(log: Path, out: Path) -> int:
    """Draws the log's lines into a PNG and returns how many there are. Raises ValueError where there is none."""
    by_seen = {line["seen"]: line for line in map(json.loads, log.read_text().splitlines())}  # a resumed run repeats a few lines
    lines = [by_seen[seen] for seen in sorted(by_seen)]
    if not lines:
        raise ValueError(f"{log} has no lines yet: train a little longer.")
    seen = [line["seen"] / 1000 for line in lines]
    figure, (losses, rate) = pyplot.subplots(2, 1, figsize=(9, 6), sharex=True, height_ratios=(4, 1))
    for term in TERMS:  # older lines lack newer terms
        losses.plot(seen, [line.get(term, float("nan")) for line in lines], label=term, linewidth=1)
    for before, line in itertools.pairwise(lines):
        if line["side"] != before["side"]:
            losses.axvline(line["seen"] / 1000, color="grey", linestyle=":", label=f"side {before['side']} to {line['side']} px")
    losses.set(yscale="log", ylabel="loss term, unweighted")
    losses.legend(ncols=2, fontsize=8)
    rate.plot(seen, [line["rate"] for line in lines], color="black", linewidth=1)
    rate.set(ylabel="learning rate", xlabel="thousand samples seen")
    figure.tight_layout()
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=110)
    pyplot.close(figure)
    return len(lines)


def main() -> None:
    """Draws."""
    parser = argparse.ArgumentParser(description="Draw the curves of a training run.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(f"{options.out}: {draw(options.run / 'log.jsonl', options.out)} lines")


if __name__ == "__main__":
    main()
