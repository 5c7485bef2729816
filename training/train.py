"""The training loop: seeded, resumable, with averaged weights.

    python -m training.train --data data/train --run runs/face --side 128 --samples 260000 --decay 80000

The learning rate warms up, stays, and falls to zero over the last --decay samples. So a run can be lengthened
or brought to its end from any checkpoint: call again with other numbers, and it continues. A GPU is used
where there is one. On a CPU, --processes 2 starts two processes of one core each and averages their weights
regularly; together they process more views a second than one process on both cores.

With an encoder pretrained on ImageNet (`training.pretrained`) and canonical coordinates:

    python -m training.train --data data/train --run runs/imagenet --samples 600000 \\
        --backbone tf_efficientnet_lite0 --widths 32 64 128 128 128 --canonical --encoder-rate 0.3 \\
        --begin data/pretrained/efficientnet-lite0-57934424.pth
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn
from torch.multiprocessing import spawn
from torch.utils.data import DataLoader

from face3d.depth.face.interface import Configuration, FaceMaps
from face3d.depth.face.network import CANONICAL_WIDTHS, FaceNetwork
from training.augmentation import RandomViews
from training.losses import canonical_losses, losses, total
from training.muon import muon_and_adamw
from training.plan import Optimisers, Plan
from training.precision import keep_depthwise_float32
from training.pretrained import begin

WARM_UP = 6_000
PEAK_RATE = 1.5e-3
WEIGHT_DECAY = 0.02
AVERAGING = 0.995
BATCH = 32
REPORT_EVERY, SAVE_EVERY = 50, 100
AVERAGE_WEIGHTS_EVERY = 8
"""Steps after which processes that train together average their weights: local SGD (Stich 2019)."""

Cost = Callable[[FaceMaps, torch.Tensor, torch.Tensor], dict[str, torch.Tensor]]
"""Terms of the loss by name, arguments as of `losses`."""


def learning_rate(seen: int, samples: int, decay: int) -> float:
    """Rate after `seen` of `samples` samples, the last `decay` of which bring it to zero."""
    return PEAK_RATE * min(1.0, (seen + 1) / WARM_UP) * min(1.0, max(samples - seen, 0) / max(decay, 1))


class Run:
    """A network in training with its averaged weights and its optimisers; the folder holds the checkpoint."""

    def __init__(
        self,
        folder: Path,
        device: torch.device,
        cost: Cost = losses,
        optimisers: Optimisers = muon_and_adamw,
        configuration: Configuration | None = None,
        bfloat16: bool = True,
        begin_with: Path | None = None,
        only_canonical: bool = False,
    ) -> None:
        """Continues from the folder's checkpoint where there is one.

        cost: see `Cost`. optimisers: see `Optimisers`; a checkpoint without their states gives its weights
        only.
        configuration: of the network; default `Configuration()`. bfloat16: the precision of convolutions,
        else float32. begin_with, only_canonical: see `Plan`.
        """
        torch.manual_seed(0)
        self.cost, self.bfloat16 = cost, bfloat16
        self.folder, self.device = folder, device
        self.network = FaceNetwork(configuration).to(device).to(memory_format=torch.channels_last)
        if bfloat16 and device.type == "cpu":
            keep_depthwise_float32(self.network)
        file = folder / "checkpoint.pt"
        if begin_with and not file.exists():
            begin(self.network, begin_with)
        self.learning: nn.Module = self.network
        if only_canonical:
            assert self.network.canonical
            self.network.eval().requires_grad_(False)
            self.learning = self.network.canonical.requires_grad_()
        self.average = FaceNetwork(configuration).to(device).eval()
        self.average.load_state_dict(self.network.state_dict())
        self.optimisers = optimisers(self.network, PEAK_RATE, WEIGHT_DECAY)
        self.seen, self.steps = 0, 0
        self.processes = distributed.get_world_size() if distributed.is_initialized() else 1
        if file.exists():
            state = torch.load(file, map_location="cpu", weights_only=True)
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            for optimiser, its_state in zip(
                self.optimisers, state.get("optimisers", ()), strict="optimisers" in state
            ):
                optimiser.load_state_dict(its_state)
            self.seen, self.steps = state["seen"], state["steps"]

    def step(
        self, rgb: torch.Tensor, maps: torch.Tensor, eyes: torch.Tensor, rate: float
    ) -> dict[str, float]:
        """One update. Returns the loss terms."""
        self.learning.train()
        rgb, maps, eyes = (x.to(self.device, non_blocking=True) for x in (rgb, maps, eyes))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            predicted = self.network(rgb.to(memory_format=torch.channels_last))
        terms = self.cost(predicted, maps, eyes)
        self.network.zero_grad()
        total(terms).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * (optimiser.defaults["lr"] / PEAK_RATE)
            optimiser.step()
        self.seen += len(rgb) * self.processes
        self.steps += 1
        if self.steps % AVERAGE_WEIGHTS_EVERY == 0:
            self.average_weights()
        self._update_average()
        return {name: term.item() for name, term in terms.items()}

    @torch.no_grad()
    def average_weights(self) -> None:
        """Averages the weights over all processes that train together; without others it does nothing."""
        if self.processes == 1:
            return
        values = [value for value in self.network.state_dict().values() if value.is_floating_point()]
        flat = torch.cat([value.flatten() for value in values])
        distributed.all_reduce(flat)
        for value, mean in zip(
            values, (flat / self.processes).split([value.numel() for value in values]), strict=True
        ):
            value.copy_(mean.view_as(value))

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(AVERAGING, self.steps / (self.steps + 10))
        for mean, value in zip(
            self.average.state_dict().values(), self.network.state_dict().values(), strict=True
        ):
            if mean.is_floating_point():
                mean.lerp_(value.to(mean.dtype), 1 - keep)
            else:
                mean.copy_(value)

    def save(self, side: int) -> None:
        """Writes the checkpoint whole or not at all."""
        configuration = asdict(replace(self.network.configuration, side=side))
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "seen": self.seen,
            "steps": self.steps,
        }
        states = [optimiser.state_dict() for optimiser in self.optimisers]
        partial = self.folder / "checkpoint.part"
        torch.save({**state, "optimisers": states, "configuration": configuration}, partial)
        os.replace(partial, self.folder / "checkpoint.pt")


def train(
    data: Path,
    folder: Path,
    side: int,
    samples: int,
    decay: int,
    batch: int,
    workers: int,
    bfloat16: bool,
    plan: Plan | None = None,
) -> None:
    """Trains until `samples` samples were processed in all, earlier calls included.

    Of several processes the first writes the log and the checkpoint, from which the others also start.
    """
    plan = plan or Plan()
    folder.mkdir(parents=True, exist_ok=True)
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cost = canonical_losses if plan.only_canonical else losses
    start_with = plan.configuration, bfloat16, plan.begin_with, plan.only_canonical
    run = Run(folder, device, cost, plan.optimisers, *start_with)
    views = DataLoader(
        RandomViews(data, side, seed=run.seen + rank),
        batch_size=batch,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
    )
    sums: dict[str, float] = {}
    summed = 0
    start, first = time.monotonic(), run.seen
    with (folder / "log.jsonl" if rank == 0 else Path(os.devnull)).open("a") as log:
        for rgb, maps, eyes in views:
            if run.seen >= samples:
                break
            rate = learning_rate(run.seen, samples, decay)
            for name, term in run.step(rgb, maps, eyes, rate).items():
                sums[name] = sums.get(name, 0.0) + term
            summed += 1
            if run.steps % REPORT_EVERY == 0:
                speed = (run.seen - first) / (time.monotonic() - start)
                line = {"seen": run.seen, "side": side, "rate": round(rate, 7), "per_second": round(speed, 1)}
                line.update({name: round(value / summed, 5) for name, value in sums.items()})
                log.write(json.dumps(line) + "\n")
                log.flush()
                sums, summed = {}, 0
            if run.steps % SAVE_EVERY == 0:
                run.average_weights()
                if rank == 0:
                    run.save(side)
    run.average_weights()
    if rank == 0:
        run.save(side)


def _train_together(rank: int, processes: int, rendezvous: str, arguments: tuple[Any, ...]) -> None:
    """Runs one of several processes, which connect through the file `rendezvous`; it must not exist yet."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=processes
    )
    train(*arguments)
    distributed.destroy_process_group()


def main() -> None:
    """Starts or continues a run."""
    parser = argparse.ArgumentParser(description="Train the face network.")
    parser.add_argument("--data", type=Path, required=True, help="folder made by training.dataset")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoint and log")
    parser.add_argument("--side", type=int, default=128, help="input side in pixels")
    parser.add_argument("--samples", type=int, required=True, help="samples in all, earlier calls included")
    parser.add_argument(
        "--decay",
        type=int,
        default=0,
        help="over how many of the last samples the learning rate falls to zero; 0: it stays",
    )
    parser.add_argument("--batch", type=int, default=BATCH, help="of each process")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        help="without a GPU: train so many networks as one, each on a core of its own",
    )
    parser.add_argument(
        "--float32",
        action="store_true",
        help="compute convolutions in float32: faster on processors without AMX or fast bfloat16",
    )
    parser.add_argument("--backbone", default=Configuration.backbone, help="encoder, by its name in timm")
    parser.add_argument(
        "--widths",
        type=int,
        nargs="+",
        default=Configuration.widths,
        help="channels of the decoder, finest scale first",
    )
    parser.add_argument("--canonical", action="store_true", help="learn canonical head coordinates too")
    parser.add_argument(
        "--only-canonical", action="store_true", help="with --canonical: learn them alone, keep the rest"
    )
    parser.add_argument("--begin", type=Path, help="weights to begin with, see training.pretrained")
    parser.add_argument(
        "--encoder-rate", type=float, help="train the encoder with AdamW at this share of the learning rate"
    )
    options = parser.parse_args()
    if options.processes < 1 or (options.processes > 1 and torch.cuda.is_available()):
        parser.error("--processes is at least 1, and 1 where there is a GPU.")
    sizes = options.side, options.samples, options.decay, options.batch, options.workers
    if options.only_canonical and not options.canonical:
        parser.error("--only-canonical goes with --canonical.")
    wanted = CANONICAL_WIDTHS if options.canonical else ()
    configuration = Configuration(options.backbone, tuple(options.widths), canonical_widths=wanted)
    plan = Plan(configuration, options.begin, options.encoder_rate, options.only_canonical)
    arguments = options.data, options.run, *sizes, not options.float32, plan
    if options.processes == 1:
        train(*arguments)
    else:
        with tempfile.TemporaryDirectory() as folder:
            spawn(
                _train_together,
                (options.processes, f"{folder}/rendezvous", arguments),
                nprocs=options.processes,
            )


if __name__ == "__main__":
    main()
