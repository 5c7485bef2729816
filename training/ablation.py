"""Which terms of the loss pay, and do optimiser and decoder? Short runs from scratch, side by side in one table.

    python -m training.ablation --data data/train --held-out data/held_out [--side 96] [--samples 9600] [--heads 64]

Losses are compared under AdamW, which is the faster one on small pictures. Figures as in `training.evaluate`, of one look at the given
side. Short runs rank terms by what they give early; they do not say what a long run reaches.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from face_network import Configuration, FaceMaps
from training.dataset import RandomViews
from training.evaluate import figures_by_head, held_out, one_look
from training.losses import losses
from training.metrics import means, print_table
from training.muon import muon_and_adamw
from training.train import BATCH, Cost, Optimisers, Run, learning_rate

SHOWN = ("matte IoU", "relief %", "relief fitted %", "face relief %", "normals mean", "normals median", "thickness %")
EDGE_SLOPE = 0.02
"""Difference between neighbours, image widths, at which the edge-aware slope term counts a third."""


def without(*names: str) -> Cost:
    """The loss without some terms."""
    return lambda *batch: {name: term for name, term in losses(*batch).items() if name not in names}


def edge_aware(predicted: FaceMaps, maps_n5hw: Tensor, eyes_nk3: Tensor) -> dict[str, Tensor]:
    """The loss with a slope term, of one scale, that counts less where the true relief jumps."""
    relief, inside = maps_n5hw[:, 0], maps_n5hw[:, 2] > 0.5
    slope = relief.new_zeros(())
    for axis in (1, 2):
        error, true = torch.diff(predicted.relief - relief, dim=axis), torch.diff(relief, dim=axis)
        both = inside.narrow(axis, 1, error.shape[axis]) & inside.narrow(axis, 0, error.shape[axis])
        slope = slope + (error.abs() * torch.exp(-true.abs() / EDGE_SLOPE))[both].mean()
    return losses(predicted, maps_n5hw, eyes_nk3) | {"slope": slope}


COSTS: dict[str, Cost] = {
    "all terms": losses,
    "without place (absolute relief)": without("place"),
    "without shape (shift-invariant relief)": without("shape"),
    "without slope (multi-scale gradient)": without("slope"),
    "slope of one scale, less at edges": edge_aware,
    "without normals": without("normals"),
    "without uncertainty": without("uncertainty"),
}


def adamw(network: nn.Module, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """AdamW for all parameters."""
    return [torch.optim.AdamW(network.parameters(), rate, weight_decay=weight_decay)]


class Variant(NamedTuple):
    """What may differ from run to run."""

    cost: Cost = losses
    optimisers: Optimisers = adamw
    configuration: Configuration = Configuration()


def variants() -> dict[str, Variant]:
    """By the name of the row."""
    narrow = Configuration(widths=(32,) * len(Configuration().widths))
    muon = {
        "all terms, Muon": Variant(optimisers=muon_and_adamw),
        "all terms, Muon, decoder of 32 channels": Variant(optimisers=muon_and_adamw, configuration=narrow),
    }
    return {name: Variant(cost) for name, cost in COSTS.items()} | muon


def train_short(data: Path, side: int, samples: int, variant: Variant) -> Run:
    """A seeded run of its own, brought down over its last third."""
    with tempfile.TemporaryDirectory() as folder:
        variant = variant._replace(configuration=replace(variant.configuration, side=side))
        run = Run(Path(folder), torch.device("cuda" if torch.cuda.is_available() else "cpu"), *variant)
    for rgb, maps, eyes in DataLoader(RandomViews(data, side, seed=0), batch_size=BATCH, num_workers=1, prefetch_factor=4):
        if run.seen >= samples:
            return run
        run.step(rgb, maps, eyes, learning_rate(run.seen, samples, samples // 3))
    raise RuntimeError("RandomViews never ends")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Compare losses, optimisers and decoders on short runs.")
    parser.add_argument("--data", type=Path, default=Path("data/train"))
    parser.add_argument("--held-out", type=Path, default=Path("data/held_out"))
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--samples", type=int, default=9_600)
    parser.add_argument("--heads", type=int, default=64)
    options = parser.parse_args()
    records = list(held_out(None, options.held_out, options.heads).values())
    rows = {}
    for name, variant in variants().items():
        run = train_short(options.data, options.side, options.samples, variant)
        figures = means(figures_by_head(records, one_look(run.average.cpu(), options.side)))
        rows[name] = {key: figures[key] for key in SHOWN}
        print(name, flush=True)
    print(f"\n{options.samples} samples at {options.side} px, {options.heads} held-out heads\n")
    print_table(rows)


if __name__ == "__main__":
    main()
