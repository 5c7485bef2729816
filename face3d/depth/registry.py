"""The table of depth networks: one `NetworkSpec` row each, for the page, the command line and the loaders.

Data only: no torch, no file access. A new network is a new row; no code branches on a network's name.

Accuracy and speed of MiDaS are from the accuracy table in the README of isl-org/MiDaS (v3.1, December 2022):
errors on six data sets, measured at the height in the network's name, and speed on an RTX 3090 at the
training resolution. Where the authors name a file by the first digits of its SHA-256, ours agrees with them.
docs/midas.md has the sources of the others; a hash that could not be confirmed is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from face3d.depth.spec import (
    Architecture,
    Encoder,
    NetworkFamily,
    NetworkSpec,
    Published,
    RemoteFile,
    ResizeRule,
    Rgb,
)
from face3d.structures import DepthRepresentation

__all__ = ["NETWORKS", "NetworkFamily", "NetworkSpec", "RemoteFile"]

MIDAS_MEASURES = (
    "DIW WHDR",
    "ETH3D AbsRel",
    "Sintel AbsRel",
    "TUM % over 1.25",
    "KITTI % over 1.25",
    "NYU v2 % over 1.25",
)
MIDAS_SOURCE = "https://github.com/isl-org/MiDaS#accuracy"
MIDAS_FILES = "https://github.com/isl-org/MiDaS/releases/download"
HALF: Rgb = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class _Release:
    """What the networks of one MiDaS release share.

    folder: of its files. mean_rgb, std_rgb: of the normalisation in its training.
    """

    title: str
    folder: str
    mean_rgb: Rgb
    std_rgb: Rgb


_V2_1 = _Release("v2.1", "v2_1", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # ImageNet's
_V3_0 = _Release("v3.0", "v3", HALF, HALF)
_V3_1 = _Release("v3.1", "v3_1", HALF, HALF)


def _midas(
    name: str,
    release: _Release,
    title: str,
    resize_rule: ResizeRule,
    input_side: int,
    architecture: Architecture,
    *,
    parameters: int,
    size_bytes: int,
    sha256: str = "",
    errors: tuple[float, float, float, float, float, float],
    improvement_percent: int,
    frames_per_second: float,
) -> NetworkSpec:
    """A MiDaS row. Sizes are exact where the hash is known. errors: in the order of MIDAS_MEASURES."""
    file = RemoteFile(
        f"{name}.pt", f"{MIDAS_FILES}/{release.folder}/{name}.pt", size_bytes, bool(sha256), sha256
    )
    measured = tuple(zip(MIDAS_MEASURES, errors, strict=True))
    return NetworkSpec(
        name=name,
        title=f"MiDaS {release.title} {title}, {input_side} px",
        family=NetworkFamily.MIDAS,
        representation=DepthRepresentation.RELATIVE_INVERSE,
        licence="MIT",
        parameters=parameters,
        resize_rule=resize_rule,
        input_side=input_side,
        mean_rgb=release.mean_rgb,
        std_rgb=release.std_rgb,
        files=(file,),
        architecture=architecture,
        published=Published(measured, MIDAS_SOURCE, improvement_percent, frames_per_second, "an RTX 3090"),
    )


def _large(encoder: Encoder, timm_name: str) -> Architecture:
    """A transformer of 24 blocks with 1024 channels, read after every sixth block."""
    return Architecture(encoder, timm_name, (5, 11, 17, 23), (256, 512, 1024, 1024))


def _windows(timm_name: str, channels: int) -> Architecture:
    """A window transformer: four stages, `channels` in the first, twice as many in each further one."""
    return Architecture(
        Encoder.WINDOWS, timm_name, (0, 1, 2, 3), (channels, 2 * channels, 4 * channels, 8 * channels)
    )


def _transformers(
    name: str,
    title: str,
    representation: DepthRepresentation,
    *,
    licence: str = "that of the checkpoint",
    parameters: int | None = None,
    files: tuple[RemoteFile, ...] = (),
    unpublished_reason: str = "depends on the checkpoint",
) -> NetworkSpec:
    """A row of the transformers library. By default the user names the checkpoint."""
    return NetworkSpec(
        name=name,
        title=title,
        family=NetworkFamily.TRANSFORMERS,
        representation=representation,
        licence=licence,
        parameters=parameters,
        resize_rule=ResizeRule.OWN,
        files=files,
        unpublished_reason=unpublished_reason,
    )


def _hub_files(folder: str, hub_id: str, size_bytes: int, sha256: str = "") -> tuple[RemoteFile, ...]:
    base = f"https://huggingface.co/{hub_id}/resolve/main"
    small = tuple(
        RemoteFile(f"{folder}/{name}", f"{base}/{name}")
        for name in ("config.json", "preprocessor_config.json")
    )
    return (
        *small,
        RemoteFile(f"{folder}/model.safetensors", f"{base}/model.safetensors", size_bytes, sha256=sha256),
    )


_FACE = NetworkSpec(
    name="face",
    title="Face network (bundled)",
    family=NetworkFamily.FACE,
    representation=DepthRepresentation.RELIEF,
    licence="MIT",
    parameters=4_731_533,
    resize_rule=ResizeRule.OWN,
    files=(RemoteFile("face_depth.safetensors", None),),
    unpublished_reason="measured by this project, see docs/face-network.md",
)

_MIDAS = (
    _midas(
        "midas_v21_small_256",
        _V2_1,
        "small",
        ResizeRule.UPPER_BOUND,
        256,
        Architecture(
            Encoder.EFFICIENTNET,
            "tf_efficientnet_lite3",
            (1, 2, 3, 4),
            (32, 48, 136, 384),
            (64, 128, 256, 512),
            head_channels=(32, 32),
            head_aligns_corners=False,
        ),
        parameters=21_320_545,
        size_bytes=85_761_505,
        sha256="70d6b9c891758c67f974a6097fb0c608c7ee67fb81ac3e5588847d5596d56fca",
        errors=(0.1344, 0.1344, 0.337, 14.53, 29.27, 13.43),
        improvement_percent=-76,
        frames_per_second=90,
    ),
    _midas(
        "midas_v21_384",
        _V2_1,
        "large",
        ResizeRule.UPPER_BOUND,
        384,
        Architecture(
            Encoder.RESNEXT,
            "resnext101_32x8d",
            (1, 2, 3, 4),
            (256, 512, 1024, 2048),
            fusion_projects=False,
            rectified_skip=True,
            head_aligns_corners=False,
        ),
        parameters=105_362_945,
        size_bytes=422_509_849,
        sha256="f6b980704cfd7259c7cc2b058c2f160159c55e84b3b6c08331b4156a84629f70",
        errors=(0.1295, 0.1155, 0.3285, 12.51, 16.08, 8.71),
        improvement_percent=-32,
        frames_per_second=47,
    ),
    _midas(
        "dpt_hybrid_384",
        _V3_0,
        "DPT-Hybrid",
        ResizeRule.MINIMAL,
        384,
        Architecture(Encoder.HYBRID, "vit_base_r50_s16_384", (0, 1, 8, 11), (256, 512, 768, 768)),
        parameters=123_146_985,
        size_bytes=492_757_791,
        sha256="501f0c75b3bca7daec6b3682c5054c09b366765aef6fa3a09d03a5cb4b230853",
        errors=(0.1106, 0.0934, 0.2741, 10.89, 11.56, 8.69),
        improvement_percent=-10,
        frames_per_second=50,
    ),
    _midas(
        "dpt_large_384",
        _V3_0,
        "DPT-Large",
        ResizeRule.MINIMAL,
        384,
        _large(Encoder.VIT, "vit_large_patch16_384"),
        parameters=344_055_465,
        size_bytes=1_376_378_527,
        sha256="2f21e586477d90cb9624c7eef5df7891edca49a1c4795ee2cb631fd4daa6ca69",
        errors=(0.1082, 0.0888, 0.2697, 9.97, 8.46, 8.32),
        improvement_percent=0,
        frames_per_second=61,
    ),
    _midas(
        "dpt_swin2_tiny_256",
        _V3_1,
        "Swin V2 tiny",
        ResizeRule.SQUARE,
        256,
        _windows("swinv2_tiny_window16_256", 96),
        parameters=41_701_331,
        size_bytes=172_048_204,
        errors=(0.1211, 0.1106, 0.2868, 13.43, 10.13, 5.55),
        improvement_percent=-11,
        frames_per_second=64,
    ),
    _midas(
        "dpt_swin2_base_384",
        _V3_1,
        "Swin V2 base",
        ResizeRule.SQUARE,
        384,
        _windows("swinv2_base_window12to24_192to384", 128),
        parameters=102_378_913,
        size_bytes=436_057_732,
        errors=(0.1095, 0.079, 0.2404, 8.93, 5.97, 3.28),
        improvement_percent=22,
        frames_per_second=39,
    ),
    _midas(
        "dpt_swin2_large_384",
        _V3_1,
        "Swin V2 large",
        ResizeRule.SQUARE,
        384,
        _windows("swinv2_large_window12to24_192to384", 192),
        parameters=213_411_869,
        size_bytes=880_189_556,
        errors=(0.1106, 0.0732, 0.2442, 8.87, 5.84, 2.92),
        improvement_percent=22,
        frames_per_second=41,
    ),
    _midas(
        "dpt_swin_large_384",
        _V3_1,
        "Swin large",
        ResizeRule.SQUARE,
        384,
        _windows("swin_large_patch4_window12_384", 192),
        parameters=213_407_453,
        size_bytes=867_232_628,
        errors=(0.1126, 0.0853, 0.2428, 8.74, 6.6, 3.34),
        improvement_percent=17,
        frames_per_second=49,
    ),
    _midas(
        "dpt_beit_base_384",
        _V3_1,
        "BEiT base",
        ResizeRule.MINIMAL,
        384,
        Architecture(Encoder.BEIT, "beit_base_patch16_384", (2, 5, 8, 11), (96, 192, 384, 768)),
        parameters=111_531_689,
        size_bytes=478_198_027,
        sha256="b8ae0dd5ac6e80d7fa8ab4d4a370b75a3094d7ca110e20596ec5f817a238900f",
        errors=(0.1159, 0.0967, 0.2901, 9.88, 26.6, 3.91),
        improvement_percent=-31,
        frames_per_second=31,
    ),
    _midas(
        "dpt_beit_large_384",
        _V3_1,
        "BEiT large",
        ResizeRule.MINIMAL,
        384,
        _large(Encoder.BEIT, "beit_large_patch16_384"),
        parameters=344_338_601,
        size_bytes=1_441_465_011,
        sha256="9a86e82345dee25004eeacbc25db11fae827d32cd6939a9056eb7db6ef895413",
        errors=(0.1239, 0.0667, 0.2545, 7.17, 9.84, 2.21),
        improvement_percent=17,
        frames_per_second=13,
    ),
    _midas(
        "dpt_beit_large_512",
        _V3_1,
        "BEiT large",
        ResizeRule.MINIMAL,
        512,
        _large(Encoder.BEIT, "beit_large_patch16_512"),
        parameters=345_014_441,
        size_bytes=1_581_966_003,
        sha256="9e9e900747e9e8b3112df716979219836a27716277b3d0dc53889cbba8b82328",
        errors=(0.1137, 0.0659, 0.2366, 6.13, 11.56, 1.86),
        improvement_percent=19,
        frames_per_second=5.7,
    ),
    _midas(
        "dpt_levit_224",
        _V3_1,
        "LeViT",
        ResizeRule.SQUARE,
        224,
        Architecture(
            Encoder.LEVIT,
            "levit_384",
            (1, 0, 0),
            (384, 512, 768),
            (256, 256, 256),
            doubling_channels=(128, 64),
            head_channels=(32, 8),
        ),
        parameters=50_630_837,
        size_bytes=204_348_452,
        errors=(0.1314, 0.1206, 0.3148, 18.21, 15.27, 8.64),
        improvement_percent=-40,
        frames_per_second=73,
    ),
)

_TRANSFORMERS = (
    _transformers(
        "depth_anything_v2_small",
        "Depth Anything V2 small",
        DepthRepresentation.RELATIVE_INVERSE,
        licence="Apache-2.0",
        parameters=24_785_089,
        files=_hub_files(
            "depth_anything_v2_small",
            "depth-anything/Depth-Anything-V2-Small-hf",
            99_200_000,
            "3152477ce0d8d6978d76b995120de97cb5b928701fd0f817769f59e249a16b70",
        ),
        unpublished_reason="the authors' figures are on other data sets than MiDaS's",
    ),
    _transformers(
        "glpn_nyu",
        "GLPN, indoor rooms, metres",
        DepthRepresentation.METRIC,
        licence="Apache-2.0",
        parameters=61_220_903,
        files=_hub_files("glpn_nyu", "vinvino02/glpn-nyu", 245_000_000),
        unpublished_reason="the authors' figures are on indoor rooms only (NYU Depth v2)",
    ),
    _transformers(
        "transformers_relative",
        "Your own transformers network, relative depth",
        DepthRepresentation.RELATIVE_INVERSE,
    ),
    _transformers("transformers_metric", "Your own transformers network, metres", DepthRepresentation.METRIC),
)

NETWORKS: Mapping[str, NetworkSpec] = {spec.name: spec for spec in (_FACE, *_MIDAS, *_TRANSFORMERS)}
