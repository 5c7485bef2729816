"""Which terms of the loss pay off, and do head crops, optimiser and decoder? Short runs from scratch in one
table.

    python -m training.evaluation.ablation --data data/train --held-out data/held_out
        [--side 96] [--samples 9600] [--heads 64]

Losses are compared under AdamW; two rows have Muon, the optimiser of the long run. After so few samples the
two give much the same (docs/face-network.md). Metrics as in `training.evaluation.evaluate`, of one inference
on the whole photo at the given side. Short runs rank terms by their early effect, not by the outcome of a
long run.
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

from face3d.depth.face.interface import Configuration, FaceMaps
from training.augmentation import HEAD_CROPS, RandomViews
from training.evaluation.evaluate import held_out, metrics_by_head
from training.evaluation.methods import whole_photo_inference
from training.evaluation.metrics import means, print_table
from training.losses import FACE_COUNTS, losses
from training.muon import muon_and_adamw
from training.train import BATCH, Cost, Optimisers, Run, learning_rate

SHOWN = (
    "matte IoU",
    "relief %",
    "relief fitted %",
    "face relief %",
    "normals mean",
    "normals median",
    "thickness %",
)
EDGE_SLOPE = 0.02
"""Difference between neighbours, image widths, at which the weight of the edge-aware slope term is 1 / e."""


def without(*names: str) -> Cost:
    """The loss without some terms."""
    return lambda *batch: {name: term for name, term in losses(*batch).items() if name not in names}


def edge_aware(predicted: FaceMaps, maps_nchw: Tensor, eyes_nk3: Tensor) -> dict[str, Tensor]:
    """The loss with a slope term of one scale, which weighs less where the true relief jumps."""
    relief, matte, face = maps_nchw[:, 0], maps_nchw[:, 2], maps_nchw[:, 4]
    weight = (matte > 0.5).float() * (1 + (FACE_COUNTS - 1) * face)
    slope = relief.new_zeros(())
    for axis in (1, 2):
        error, true = (
            torch.diff(predicted.relief - relief, dim=axis).abs(),
            torch.diff(relief, dim=axis).abs(),
        )
        pairs = error.shape[axis]
        lesser = torch.minimum(weight.narrow(axis, 1, pairs), weight.narrow(axis, 0, pairs))
        summed = (error * lesser * torch.exp(-true / EDGE_SLOPE)).sum((1, 2))
        slope = slope + (summed / weight.sum((1, 2)).clamp_min(1)).mean()
    return losses(predicted, maps_nchw, eyes_nk3) | {"slope": slope}


def face_once(predicted: FaceMaps, maps_nchw: Tensor, eyes_nk3: Tensor) -> dict[str, Tensor]:
    """The loss with no pixel marked as narrow face: all weigh alike."""
    maps_nchw = torch.cat([maps_nchw[:, :4], torch.zeros_like(maps_nchw[:, 4:5]), maps_nchw[:, 5:]], 1)
    return losses(predicted, maps_nchw, eyes_nk3)


COSTS: dict[str, Cost] = {
    "all terms": losses,
    "without absolute relief": without("absolute"),
    "without shift-invariant relief": without("shift-invariant"),
    "without slope (multi-scale gradient)": without("slope"),
    "slope of one scale, less at edges": edge_aware,
    "face weighs once": face_once,
    "without normals": without("normals"),
    "without uncertainty": without("uncertainty"),
}


def adamw(network: nn.Module, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """AdamW for all parameters."""
    return [torch.optim.AdamW(network.parameters(), rate, weight_decay=weight_decay)]


class Variant(NamedTuple):
    """What may differ from run to run. head_crops: see `augmentation.HEAD_CROPS`."""

    cost: Cost = losses
    optimisers: Optimisers = adamw
    configuration: Configuration = Configuration()
    head_crops: float = HEAD_CROPS


def variants() -> dict[str, Variant]:
    """All variants, by the name of the row."""
    crops = {"no head crops": Variant(head_crops=0.0)}
    narrow = Configuration(widths=(32,) * len(Configuration().widths))
    muon = {
        "all terms, Muon": Variant(optimisers=muon_and_adamw),
        "all terms, Muon, decoder of 32 channels": Variant(optimisers=muon_and_adamw, configuration=narrow),
    }
    return {name: Variant(cost) for name, cost in COSTS.items()} | crops | muon


def train_short(data: Path, side: int, samples: int, variant: Variant) -> Run:
    """One seeded run whose learning rate falls to zero over the last third."""
    with tempfile.TemporaryDirectory() as folder:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        run = Run(
            Path(folder), device, variant.cost, variant.optimisers, replace(variant.configuration, side=side)
        )
    views = RandomViews(data, side, seed=0, head_crops=variant.head_crops)
    loader = DataLoader(views, batch_size=BATCH, num_workers=1, prefetch_factor=4)
    for rgb, maps, eyes in loader:
        if run.seen >= samples:
            return run
        run.step(rgb, maps, eyes, learning_rate(run.seen, samples, samples // 3))
    raise RuntimeError("RandomViews never ends")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description="Compare losses, crops, optimisers and decoders on short runs."
    )
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
        method = whole_photo_inference(run.average.cpu(), options.side)
        measured = means(metrics_by_head(records, method))
        rows[name] = {key: measured[key] for key in SHOWN}
        print(name, flush=True)
    print(f"\n{options.samples} samples at {options.side} px, {options.heads} held-out heads\n")
    print_table(rows)


if __name__ == "__main__":
    main()
