"""`MATTES`: the ways to tell person and background apart, a row each. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from face3d.depth.spec import RemoteFile

RELEASES = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"
DEFAULT_MATTE = "face"


@dataclass(frozen=True)
class MatteSpec:
    """One matte.

    name: the key in `MATTES`, on the command line and in `DepthMap.matte`; for rembg its own name.
    title, summary: for people.
    licence: of its weights; empty where it has none.
    files: of its checkpoint; empty where it needs none.
    """

    name: str
    title: str
    summary: str
    licence: str = ""
    files: tuple[RemoteFile, ...] = ()

    @property
    def of_rembg(self) -> bool:
        """Whether the package rembg computes it."""
        return bool(self.files)

    @property
    def bundled(self) -> bool:
        """Whether its checkpoint comes with this project; never a file of its own."""
        return False

    @property
    def needs_checkpoint(self) -> bool:
        """Whether a checkpoint must be named; none does."""
        return False

    @property
    def size_text(self) -> str:
        """Size of the checkpoint in 10^6 bytes, '' without one."""
        sizes = [file.size_bytes for file in self.files if file.size_bytes]
        return f"about {sum(sizes) / 1e6:.0f} MB" if sizes else ""


def _of_rembg(name: str, title: str, summary: str, licence: str, mb: float, md5: str, url: str) -> MatteSpec:
    file = RemoteFile(f"{name}.onnx", RELEASES + url, round(mb * 1e6), md5=md5)
    return MatteSpec(name, title, summary, licence, (file,))


MATTES: dict[str, MatteSpec] = {
    row.name: row
    for row in (
        MatteSpec("face", "Person with a face", "the person whom the bundled face network finds", "MIT"),
        MatteSpec("alpha", "Transparency of the photo", "what the photo itself does not leave transparent"),
        MatteSpec("file", "A mask of your own", "what is white in a picture of the photo's size"),
        MatteSpec("none", "Everything", "the whole photo, nothing is cut out: for statues, pets and things"),
        _of_rembg(
            "u2net",
            "U2-Net",
            "the most salient thing, by rembg",
            "Apache-2.0",
            176,
            "60024c5c889badc19c04ad937298a77b",
            "u2net.onnx",
        ),
        _of_rembg(
            "u2netp",
            "U2-Net, small",
            "the same, small and less exact",
            "Apache-2.0",
            4.574861,
            "8e83ca70e441ab06c318d82300c84806",
            "u2netp.onnx",
        ),
        _of_rembg(
            "u2net_human_seg",
            "U2-Net for people",
            "people, by rembg",
            "Apache-2.0",
            176,
            "c09ddc2e0104f800e3e1bb4652583d1f",
            "u2net_human_seg.onnx",
        ),
        _of_rembg(
            "isnet-general-use",
            "IS-Net",
            "the most salient thing, by rembg, with finer edges",
            "Apache-2.0",
            179,
            "fc16ebd8b0c10d971d3513d564d01e29",
            "isnet-general-use.onnx",
        ),
        _of_rembg(
            "birefnet-portrait",
            "BiRefNet for portraits",
            "people with hair, by rembg; slow",
            "MIT",
            973,
            "c3a64a6abf20250d090cd055f12a3b67",
            "BiRefNet-portrait-epoch_150.onnx",
        ),
        _of_rembg(
            "birefnet-general-lite",
            "BiRefNet, small",
            "the most salient thing with hair, by rembg",
            "MIT",
            224,
            "4fab47adc4ff364be1713e97b7e66334",
            "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",
        ),
    )
}
"""By name. bria-rmbg is not offered: its licence forbids commercial use."""
