"""What a depth map of step 2 is made of: a network or depth that is there already, and a matte."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from face3d.depth.estimator import FAST
from face3d.depth.registry import NETWORKS
from face3d.errors import DepthError, MatteError
from face3d.framing import Framing
from face3d.matte.table import DEFAULT_MATTE
from face3d.own_depth.embedded import read_embedded
from face3d.own_depth.files import read_depth_file
from face3d.structures import DepthMap, DepthRepresentation, Photo

OWN, EMBEDDED = "own depth map", "depth inside the photo"
"""What stands in place of a network, beside the rows of NETWORKS."""
OWN_TITLES = {OWN: "My own depth map", EMBEDDED: "Depth inside the photo"}


class DepthKey(NamedTuple):
    """What a depth map depends on.

    network: a row of NETWORKS, OWN or EMBEDDED. matte: a row of MATTES. files: digest of the depth map and of
    the mask that the visitor gave, and of what was said about them; '' without any. refined: whether the
    matte's edge is. quality: of the bundled network. completed_as: how what the photo does not show was
    completed; empty where it was not.
    """

    photo_sha256: str
    network: str
    matte: str = DEFAULT_MATTE
    files: str = ""
    refined: bool = False
    quality: str = FAST
    completed_as: tuple[str, ...] = ()

    @property
    def network_title(self) -> str:
        """Where the depth comes from, for people."""
        return OWN_TITLES.get(self.network) or NETWORKS[self.network].title


@dataclass(frozen=True)
class DepthFile:
    """Depth in place of a network's: a file, or the photo's own file where `meaning` is of no use.

    data: of the file. name: for messages. embedded: whether it is the photo's file. meaning: of the values,
    None where the file states it. black, white: what the levels of a PNG stand for, None where nothing is
    said.
    """

    data: bytes
    name: str
    embedded: bool = False
    meaning: DepthRepresentation | None = None
    black: float | None = None
    white: float | None = None

    @property
    def digest(self) -> str:
        """Of all that the values depend on."""
        said = f"{self.embedded} {self.meaning} {self.black} {self.white} "
        return hashlib.sha256(said.encode() + self.data).hexdigest()

    def depth_map(self, framing: Framing) -> DepthMap:
        """The depth map of a photo that was turned and cropped so. Raises: DepthError."""
        if self.embedded:
            return read_embedded(self.data, self.name).of(framing)
        if not self.data:
            raise DepthError("There is no depth map yet. Choose its file, or a network.")
        if (self.black is None) != (self.white is None):
            raise DepthError("One of black and white is given. Give both numbers, or none.")
        ends = None if self.black is None or self.white is None else (self.black, self.white)
        own = read_depth_file(self.data, self.name, self.meaning, ends)
        return own.of(framing)


@dataclass(frozen=True, eq=False)
class DepthRequest:
    """One depth map that step 2 can make.

    photo: to model. network, matte: see `DepthKey`. framing: what `photo` is of the file's photo. mask: for
    the matte `file`, as it was read. depth_file: for OWN and EMBEDDED.
    """

    photo: Photo
    network: str
    matte: str
    framing: Framing
    mask: Photo | None = None
    depth_file: DepthFile | None = None
    refine: bool = False
    quality: str = FAST

    @property
    def key(self) -> DepthKey:
        """What the depth map depends on."""
        files = [self.mask.sha256] if self.mask else []
        if self.depth_file:
            files.append(self.depth_file.digest)
        return DepthKey(
            self.photo.sha256, self.network, self.matte, " ".join(files), self.refine, self.quality
        )

    def framed_mask(self) -> Photo | None:
        """The mask, turned and cropped as the photo is. Raises: MatteError."""
        return self.mask and self.framing.mask(self.mask, "The mask", MatteError)
