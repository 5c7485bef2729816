"""The columns of the table of networks (registry.py), as frozen dataclasses. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from face3d.structures import DepthRepresentation

Rgb = tuple[float, float, float]
YARDSTICK = "MiDaS v3.0 DPT-Large"
"""The network with which the authors of MiDaS compare the others."""


class NetworkFamily(Enum):
    """Networks that one module loads and runs."""

    FACE = "face"
    MIDAS = "midas"
    TRANSFORMERS = "transformers"


class ResizeRule(Enum):
    """How a photo's size becomes the network's input size.

    `side` is the side of the row; `scale_h`, `scale_w` = side / photo side.
    """

    UPPER_BOUND = "longer side equals the network's side, proportions kept"
    MINIMAL = "of scale_h and scale_w the one nearer to 1, proportions kept"
    SQUARE = "side x side, proportions not kept"
    OWN = "resized by the network's own code"


class Encoder(Enum):
    """Kinds of MiDaS encoder: what its feature maps are and how they reach the decoder."""

    EFFICIENTNET = "EfficientNet-Lite3, four convolutional stages"
    RESNEXT = "ResNeXt-101, four convolutional stages"
    VIT = "a vision transformer; tokens of one resolution are reassembled to four"
    HYBRID = "a convolutional stem for the two fine resolutions, a vision transformer for the two coarse ones"
    BEIT = "a vision transformer with relative positions; tokens of one resolution are reassembled to four"
    WINDOWS = "a hierarchical window transformer (Swin, Swin V2) with four resolutions"
    LEVIT = "LeViT, with three resolutions"


@dataclass(frozen=True)
class Architecture:
    """Encoder and decoder of a MiDaS network. Channels are listed from fine to coarse.

    timm_name: the model in timm that gives the encoder.
    feature_indices: the parts of the encoder after which features are taken: stages (EFFICIENTNET, RESNEXT,
    WINDOWS), blocks (VIT, BEIT), two stages of the stem and two blocks (HYBRID), one block of each stage
    (LEVIT).
    feature_channels: of the features that enter the decoder.
    decoder_channels: of the decoder at each of these levels.
    fusion_projects: whether a fusion block ends in a 1x1 convolution.
    rectified_skip: whether a residual unit adds its *rectified* input, as in v2.1 large, whose ReLU works in
    place.
    doubling_channels: of transposed convolutions between the last fusion and the head, each of which doubles
    the resolution.
    head_channels: hidden channels of the head.
    head_aligns_corners: how the head interpolates.
    """

    encoder: Encoder
    timm_name: str
    feature_indices: tuple[int, ...]
    feature_channels: tuple[int, ...]
    decoder_channels: tuple[int, ...] = (256, 256, 256, 256)
    fusion_projects: bool = True
    rectified_skip: bool = False
    doubling_channels: tuple[int, ...] = ()
    head_channels: tuple[int, int] = (128, 32)
    head_aligns_corners: bool = True


@dataclass(frozen=True)
class RemoteFile:
    """One file of a checkpoint.

    name: in the cache folder.
    url: where it is published, or None for a file that comes with this project.
    size_bytes: exact where `exact_size`, else within 1 %; None where unknown (a few kB, or bundled).
    sha256: hexadecimal, whole or its first digits; empty where nothing is published.
    md5: hexadecimal, of files whose publisher gives no SHA-256.
    """

    name: str
    url: str | None
    size_bytes: int | None = None
    exact_size: bool = False
    sha256: str = ""
    md5: str = ""


class Downloadable(Protocol):
    """A row of a table whose checkpoint the store keeps: of a network, or of a matte."""

    @property
    def name(self) -> str:
        """The key in its table."""

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """Of its checkpoint."""

    @property
    def bundled(self) -> bool:
        """Whether the checkpoint comes with this project."""

    @property
    def needs_checkpoint(self) -> bool:
        """Whether there is no published checkpoint."""

    @property
    def size_text(self) -> str:
        """Size of the checkpoint for people."""


@dataclass(frozen=True)
class Published:
    """Figures that the authors of a network publish.

    errors: (measure, value) pairs, lower is better.
    source: the page with the figures.
    improvement_percent: how much lower their mean is than the yardstick's, or None.
    frames_per_second: on `hardware`, or None.
    """

    errors: tuple[tuple[str, float], ...]
    source: str
    improvement_percent: int | None = None
    frames_per_second: float | None = None
    hardware: str = ""


@dataclass(frozen=True)
class NetworkSpec:
    """One depth network.

    name: the key in `NETWORKS`, on the command line and in `DepthMap.network`.
    title: for people.
    representation: the meaning of its depth values.
    licence: of the weights.
    parameters: count, or None where it depends on the checkpoint.
    input_side: of the training, in pixels, or None where the network's own code resizes.
    input_multiple: both sides of the input are multiples of this.
    mean_rgb, std_rgb: of the normalisation of colours in 0..1; None where the network's own code normalises.
    files: of the checkpoint; empty where the user names a folder or a hub id.
    architecture: for MiDaS, else None.
    published: the authors' figures, or None with the reason in `unpublished_reason`.
    """

    name: str
    title: str
    family: NetworkFamily
    representation: DepthRepresentation
    licence: str
    parameters: int | None
    resize_rule: ResizeRule
    input_side: int | None = None
    input_multiple: int = 32
    mean_rgb: Rgb | None = None
    std_rgb: Rgb | None = None
    files: tuple[RemoteFile, ...] = ()
    architecture: Architecture | None = None
    published: Published | None = None
    unpublished_reason: str = ""

    @property
    def bundled(self) -> bool:
        """Whether the checkpoint comes with this project."""
        return bool(self.files) and all(file.url is None for file in self.files)

    @property
    def needs_checkpoint(self) -> bool:
        """Whether there is no published checkpoint, so that a folder or a hub id must be named."""
        return not self.files

    @property
    def size_text(self) -> str:
        """Size of the checkpoint in 10^6 bytes: '86 MB', 'about 172 MB' where none is published, else ''."""
        known = [(file.size_bytes, file.exact_size) for file in self.files if file.size_bytes is not None]
        about = "" if all(exact for _, exact in known) else "about "
        return f"{about}{sum(size for size, _ in known) / 1e6:.0f} MB" if known else ""

    @property
    def accuracy_text(self) -> str:
        """One line for people: the authors' figures, or the reason why there are none."""
        if self.published is None:
            return self.unpublished_reason
        percent = self.published.improvement_percent
        if percent is None:
            return ", ".join(f"{measure} {value:g}" for measure, value in self.published.errors)
        if percent == 0:
            return f"the yardstick ({YARDSTICK}) of the others' errors"
        return f"{abs(percent)} % {'less' if percent > 0 else 'more'} error than {YARDSTICK}"

    @property
    def speed_text(self) -> str:
        """One line for the page: the authors' speed."""
        if self.published is None or self.published.frames_per_second is None:
            return "no published speed"
        return f"{self.published.frames_per_second:g} pictures a second on {self.published.hardware}"
