"""Our MiDaS networks against the official code, on weights and inputs that a rule determines.

    python -m benchmarks.midas_parity [NAME ...]

Prints the table of docs/midas.md. tests/data/midas holds, for each network, the keys and shapes of the
official state dictionary (manifests.json.gz) and the outputs of the official code (outputs.npz), made with
isl-org/MiDaS at 4545977 on timm 0.6.13. Of the larger networks every fourth row and column is kept.
"""

from __future__ import annotations

import argparse
import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from face3d.depth.midas.network import MidasNetwork, allocate_midas_network
from face3d.depth.midas.state_dict import load_official, translate_key

DATA = Path(__file__).resolve().parents[1] / "tests" / "data" / "midas"
LAST_BIAS = "scratch.output_conv.4.bias"


@dataclass(frozen=True)
class Manifest:
    """The contents of an official state dictionary.

    parameters: count. shapes: by key. kept: tables that keep the value computed by the module.
    """

    parameters: int
    shapes: dict[str, tuple[int, ...]]
    kept: frozenset[str]


def read_manifests() -> dict[str, Manifest]:
    """By network."""
    with gzip.open(DATA / "manifests.json.gz", "rt") as source:
        content = json.load(source)
    return {
        name: Manifest(
            entry["parameters"],
            {key: tuple(shape) for key, shape in entry["state_dict"].items()},
            frozenset(entry["buffers_kept"]),
        )
        for name, entry in content.items()
    }


def read_outputs(name: str) -> dict[tuple[int, int], NDArray[Any]]:
    """The official outputs of a network by input size (height, width), some at every fourth pixel only."""
    with np.load(DATA / "outputs.npz") as content:
        found = {key.split()[1]: content[key] for key in content.files if key.split()[0] == name}
    return {
        (int(size.split("x")[0]), int(size.split("x")[1])): output_hw for size, output_hw in found.items()
    }


def ruled_tensor(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The value of one official weight. Only a key that ends in '.bias' counts as a bias; 'q_bias' and
    'v_bias' count as gains.
    """
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    if key == LAST_BIAS:
        return torch.full(shape, 3.0)
    drawn = np.random.RandomState(zlib.crc32(key.encode())).standard_normal(shape).astype(np.float32)
    if key.endswith("running_var"):
        drawn = 1 + np.float32(0.1) * np.abs(drawn)
    elif key.endswith("running_mean"):
        drawn = np.float32(0.1) * drawn
    elif key.endswith(".bias"):
        drawn = np.float32(0.02) * drawn
    elif len(shape) == 1:
        drawn = 1 + np.float32(0.02) * drawn
    else:
        drawn = (drawn / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
    return torch.from_numpy(drawn)


def ruled_state_dict(manifest: Manifest, module: MidasNetwork) -> dict[str, torch.Tensor]:
    """A whole official state dictionary; tables keep the values that `module` computed."""
    tables = dict(module.named_buffers())
    return {
        key: tables[translate_key(key, module.encoder_kind)].clone()
        if key in manifest.kept
        else ruled_tensor(key, shape)
        for key, shape in manifest.shapes.items()
    }


def ruled_network(name: str, manifest: Manifest) -> MidasNetwork:
    """The network with the rule's weights."""
    module = allocate_midas_network(name)
    load_official(module, ruled_state_dict(manifest, module))
    return module


def ruled_input(size_hw: tuple[int, int]) -> torch.Tensor:
    """(1, 3, h, w) float32."""
    drawn = np.random.RandomState(7).standard_normal((1, 3, *size_hw))
    return torch.from_numpy(drawn.astype(np.float32))


def relative_error(module: MidasNetwork, size_hw: tuple[int, int], official_hw: NDArray[Any]) -> float:
    """Largest difference from the official output, over the largest official value."""
    with torch.inference_mode():
        ours_hw = module(ruled_input(size_hw))[0].numpy()
    step = size_hw[0] // official_hw.shape[0]
    return float(np.abs(ours_hw[::step, ::step] - official_hw).max() / np.abs(official_hw).max())


def main() -> None:
    """Prints one row per network."""
    manifests = read_manifests()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.midas_parity", description="Compare with the official MiDaS code."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(manifests)}")
    names = parser.parse_args().names or list(manifests)
    if unknown := [name for name in names if name not in manifests]:
        parser.error(f"there is no network {', '.join(unknown)}; choose from {', '.join(manifests)}")
    print("| network | keys | parameters | input sizes | largest relative error |")
    print("|---|---|---|---|---|")
    for name in names:
        module = ruled_network(name, manifests[name])
        outputs = read_outputs(name)
        worst = max(relative_error(module, size_hw, official_hw) for size_hw, official_hw in outputs.items())
        sizes = ", ".join(f"{height} x {width}" for height, width in outputs)
        keys, parameters = len(manifests[name].shapes), manifests[name].parameters
        print(f"| {name} | {keys} | {parameters:,} | {sizes} | {worst:.1e} |", flush=True)


if __name__ == "__main__":
    main()
