"""Which terms of the loss pay, and do views, optimiser and decoder? Short runs from scratch, side by side in
one table.

    python -m training.ablation --data data/train --held-out data/held_out [--side 96] [--samples 9600] [--heads 64]

Losses are compared under AdamW; two rows have Muon, the optimiser of the long run. So early the two give much
the same (docs/face-network.md). Figures as in `training.evaluate`, of single-scale inference at the given side. Short runs
rank terms by what they give early; they do not say what a long run reaches.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from face3d.depth.face.network import Configuration, FaceMaps
from training import augmentation
from training.augmentation import RandomViews
from training.evaluation.evaluate import figures_by_head, held_out, whole_picture
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
"""Difference between neighbours, image widths, at which the edge-aware slope term counts a third."""


def without(*names: str) -> Cost:
    """The loss without some terms."""
    return lambda *batch: {name: term for name, term in losses(*batch).items() if name not in names}


def edge_aware(predicted: FaceMaps, maps_n5hw: Tensor, eyes_nk3: Tensor) -> dict[str, Tensor]:
    """The loss with a slope term, of one scale, that counts less where the true relief jumps; else weighed as
    in `losses`.
    """
    relief, matte, face = maps_n5hw[:, 0], maps_n5hw[:, 2], maps_n5hw[:, 4]
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
    return losses(predicted, maps_n5hw, eyes_nk3) | {"slope": slope}


def face_once(predicted: FaceMaps, maps_n5hw: Tensor, eyes_nk3: Tensor) -> dict[str, Tensor]:
    """The loss with no pixel marked as narrow face, so that all weigh alike."""
    maps_n5hw = torch.cat([maps_n5hw[:, :4], torch.zeros_like(maps_n5hw[:, 4:])], 1)
    return losses(predicted, maps_n5hw, eyes_nk3)


COSTS: dict[str, Cost] = {
    "all terms": losses,
    "without place (absolute relief)": without("place"),
    "without shape (shift-invariant relief)": without("shape"),
    "without slope (multi-scale gradient)": without("slope"),
    "slope of one scale, less at edges": edge_aware,
    "face counts once": face_once,
    "without normals": without("normals"),
    "without uncertainty": without("uncertainty"),
}


def adamw(network: nn.Module, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """AdamW for all parameters."""
    return [torch.optim.AdamW(network.parameters(), rate, weight_decay=weight_decay)]


def frame_nothing(worker: int) -> None:
    """Begins a loader's process: of its views none is cut around a head, all lie anywhere. The processes of
    other runs keep theirs.
    """
    augmentation.FRAMED = 0.0


class Variant(NamedTuple):
    """What may differ from run to run. begin_loader: called in the loader's process with its number, see
    `frame_nothing`.
    """

    cost: Cost = losses
    optimisers: Optimisers = adamw
    configuration: Configuration = Configuration()
    begin_loader: Callable[[int], None] | None = None


def variants() -> dict[str, Variant]:
    """By the name of the row."""
    framed = {"no framed views": Variant(begin_loader=frame_nothing)}
    narrow = Configuration(widths=(32,) * len(Configuration().widths))
    muon = {
        "all terms, Muon": Variant(optimisers=muon_and_adamw),
        "all terms, Muon, decoder of 32 channels": Variant(optimisers=muon_and_adamw, configuration=narrow),
    }
    return {name: Variant(cost) for name, cost in COSTS.items()} | framed | muon


def train_short(data: Path, side: int, samples: int, variant: Variant) -> Run:
    """A seeded run of its own, brought down over its last third."""
    with tempfile.TemporaryDirectory() as folder:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        run = Run(
            Path(folder), device, variant.cost, variant.optimisers, replace(variant.configuration, side=side)
        )
    views = RandomViews(data, side, seed=0)
    loader = DataLoader(
        views, batch_size=BATCH, num_workers=1, prefetch_factor=4, worker_init_fn=variant.begin_loader
    )
    for rgb, maps, eyes in loader:
        if run.seen >= samples:
            return run
        run.step(rgb, maps, eyes, learning_rate(run.seen, samples, samples // 3))
    raise RuntimeError("RandomViews never ends")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description="Compare losses, views, optimisers and decoders on short runs."
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
        figures = means(figures_by_head(records, whole_picture(run.average.cpu(), options.side)))
        rows[name] = {key: figures[key] for key in SHOWN}
        print(name, flush=True)
    print(f"\n{options.samples} samples at {options.side} px, {options.heads} held-out heads\n")
    print_table(rows)


if __name__ == "__main__":
    main()
