"""`COMPLETIONS`: the ways to complete what a photo does not show, a row each. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from face3d.depth.spec import RemoteFile

DEFAULT_COMPLETION = "symmetry"


@dataclass(frozen=True)
class CompletionSpec:
    """One engine.

    name: the key in `COMPLETIONS`, on the command line and in the report.
    title, summary: for people.
    licence: of its weights; empty where it has none.
    files: of its checkpoint; empty where it needs none.
    needs_checkpoint: whether the user names a folder or a hub id of the checkpoint.
    """

    name: str
    title: str
    summary: str
    licence: str = ""
    files: tuple[RemoteFile, ...] = ()
    needs_checkpoint: bool = False

    @property
    def bundled(self) -> bool:
        """Whether its checkpoint comes with this project; none does."""
        return False

    @property
    def size_text(self) -> str:
        """Size of the checkpoint in 10^6 bytes, '' without one."""
        sizes = [file.size_bytes for file in self.files if file.size_bytes]
        return f"about {sum(sizes) / 1e6:.0f} MB" if sizes else ""


LAMA_URL = "https://huggingface.co/Carve/LaMa-ONNX/resolve/main/lama_fp32.onnx"
LAMA_SHA256 = "1faef5301d78db7dda502fe59966957ec4b79dd64e16f03ed96913c7a4eb68d6"

COMPLETIONS: dict[str, CompletionSpec] = {
    row.name: row
    for row in (
        CompletionSpec(
            "symmetry",
            "Symmetry",
            "what is seen of one half of the head, for the other; the rest as by diffusion",
        ),
        CompletionSpec("diffusion", "Diffusion", "colours of the outline, spread inwards"),
        CompletionSpec("telea", "Telea", "the same along the lines of the picture, by OpenCV"),
        CompletionSpec(
            "lama",
            "LaMa",
            "a network that continues patterns",
            "Apache-2.0",
            (RemoteFile("lama_fp32.onnx", LAMA_URL, 208_044_816, exact_size=True, sha256=LAMA_SHA256),),
        ),
        CompletionSpec(
            "diffusers",
            "A pipeline of diffusers",
            "an inpainting pipeline that you name, by folder or hub id",
            "that of the pipeline",
            needs_checkpoint=True,
        ),
    )
}
"""By name."""
