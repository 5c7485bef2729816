"""`IMAGE_MODELS`: what makes a picture of words, a row each. Data, and what follows from the files' sizes."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_IMAGE_MODEL = "stable-diffusion-1.5"
SERVER = "server"
"""The row, and its `source`, of a server in place of a model here."""
SECONDS_PER_GB = 18.0
"""Of a step's time on two processor cores, float32, for each GB of the denoiser's file and 512 x 512 pixels:
30 s measured for the 1.72 GB of Stable Diffusion 1.5, with random weights, beside other work."""
WORKING_BYTES = 1.9e9
"""Memory beside the weights for 512 x 512 pixels, PyTorch itself among it; measured in the same run."""
SLOW_LINE = 50e6 / 8
"""Bytes a second of the connection for which the time of a download is said: 50 Mbit/s."""


@dataclass(frozen=True)
class ModelFile:
    """One file of weights of a row: its path in the repository, and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class ImageModel:
    """One way from words to a picture.

    name: the key in `IMAGE_MODELS`, and on the command line. title: for people.
    source: hub id, folder, or `SERVER`. licence: of the weights.
    files: of the weights, 16 bits a number, the denoiser's first; empty where nothing is fetched.
    side: of the picture in pixels that the model was trained for. steps: that it takes unless told otherwise.
    """

    name: str
    title: str
    source: str
    licence: str
    files: tuple[ModelFile, ...] = ()
    side: int = 512
    steps: int = 25

    @property
    def is_server(self) -> bool:
        """Whether a server makes the picture."""
        return self.source == SERVER

    @property
    def download_bytes(self) -> int:
        """Of all weights; the few small files beside them are not counted."""
        return sum(file.size for file in self.files)

    @property
    def memory_bytes(self) -> float:
        """Needed on a processor, where each number takes 32 bits; 0 where the sizes are not known."""
        area = (self.side / 512) ** 2
        return 2 * self.download_bytes + WORKING_BYTES * area if self.files else 0.0

    @property
    def needs(self) -> str:
        """Memory and time for people, '' where the sizes are not known."""
        if not self.files:
            return ""
        step = SECONDS_PER_GB * self.files[0].size / 1e9 * (self.side / 512) ** 2
        return (
            f"{self.memory_bytes / 1e9:.0f} GB of memory; on two processor cores about "
            f"{step * self.steps / 60:.0f} minutes, much less on a GPU"
        )

    @property
    def download(self) -> str:
        """Size and time of the download for people, '' where nothing is fetched."""
        if not self.files:
            return ""
        minutes = self.download_bytes / SLOW_LINE / 60
        return f"{self.download_bytes / 1e9:.1f} GB are fetched once, {minutes:.0f} minutes at 50 Mbit/s"


def _files(**megabytes: float) -> tuple[ModelFile, ...]:
    """The 16-bit files of a pipeline's parts, by the size that the hub shows."""
    names = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}
    return tuple(
        ModelFile(f"{part}/{names.get(part, 'model')}.fp16.safetensors", round(mb * 1e6))
        for part, mb in megabytes.items()
    )


IMAGE_MODELS: dict[str, ImageModel] = {
    row.name: row
    for row in (
        ImageModel(
            DEFAULT_IMAGE_MODEL,
            "Stable Diffusion 1.5",
            "stable-diffusion-v1-5/stable-diffusion-v1-5",
            "CreativeML Open RAIL-M",
            _files(unet=1720, safety_checker=608, text_encoder=246, vae=167),
        ),
        ImageModel(
            "ssd-1b",
            "Segmind SSD-1B",
            "segmind/SSD-1B",
            "Apache-2.0",
            _files(unet=2660, text_encoder_2=1390, text_encoder=246, vae=167),
            side=1024,
        ),
        ImageModel(SERVER, "A server with the OpenAI image API", SERVER, "as the server's terms say"),
    )
}
"""By name. Both licences permit commercial use: Open RAIL-M within the uses that its attachment A excludes;
Apache-2.0 is what SSD-1B's own page states. It was distilled from SDXL, which is under Open RAIL++-M."""
