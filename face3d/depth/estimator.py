"""What every loaded depth network can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from face3d.depth import device as compute
from face3d.depth.spec import NetworkSpec


@dataclass(frozen=True, eq=False)
class Network:
    """A loaded network: its row of the table, what computes, and where. Never changed once made."""

    spec: NetworkSpec
    module: Any
    compute: compute.Compute
