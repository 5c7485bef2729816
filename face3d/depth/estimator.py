"""The protocol of a loaded depth network. Each family's `load` returns one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from face3d.depth.spec import NetworkSpec
from face3d.structures import DepthMap, Face, Photo

if TYPE_CHECKING:
    from face3d.depth.device import Device  # imports torch, which takes seconds


FAST, BEST = QUALITIES = "fast", "best"
"""What the bundled network can do for a photo: predict it at one scale, or at two."""


@runtime_checkable
class DepthEstimator(Protocol):
    """A loaded network: from a photo to its depth map. Immutable, and safe to call from several threads."""

    @property
    def spec(self) -> NetworkSpec:
        """The network's row of the table."""
        ...

    @property
    def device(self) -> Device:
        """Where the network computes, and in which precision."""
        ...

    def predict(self, photo: Photo) -> DepthMap:
        """The depth map at the photo's size, in the representation of `spec`.

        Raises DepthError where the network gives no finite depth.
        """
        ...

    def find_faces(self, photo: Photo) -> tuple[Face, ...]:
        """The faces of `predict`, largest person first, in less time.

        Empty for a network without face detection.
        """
        ...

    def find_turn(self, photo: Photo) -> int:
        """Degrees clockwise by which to turn a photo without an upright face so that one is upright.

        0 where no turn does it, and for a network without face detection.
        """
        ...
