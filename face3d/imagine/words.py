"""`Words`: what a picture is to be made of, and the name of its files."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from face3d.errors import ImagineError

PREAMBLE = (
    "studio portrait photo of one person, facing the camera, whole head and shoulders, even light, "
    "plain background"
)
"""Put before the description: what the model of a face needs. The user sees it and may change it."""
MOST_CHARACTERS = 1000
SIDES = 256, 1536
"""Smallest and largest side of a picture, pixels."""
STEPS = 1, 150
SEEDS = 0, 2**32 - 1
NAME_CHARACTERS = 40


@dataclass(frozen=True)
class Words:
    """What a picture is to be made of. Checked when made.

    prompt: the description of the face. preamble: put before it, '' for none. negative: what is not wanted.
    seed: of the noise; the same seed gives the same picture. steps: of the denoiser; side: pixels of the
    square picture; both None for the model's own.
    Raises ImagineError for a value out of its range.
    """

    prompt: str
    preamble: str = PREAMBLE
    negative: str = ""
    seed: int = 0
    steps: int | None = None
    side: int | None = None

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise ImagineError("The description is empty. Say what the face looks like.")
        for text in (self.prompt, self.preamble, self.negative):
            if len(text) > MOST_CHARACTERS:
                raise ImagineError(
                    f"{len(text)} characters are too many for a description. Use {MOST_CHARACTERS} at most."
                )
        for name, value, (least, most) in (
            ("seed", self.seed, SEEDS),
            ("number of steps", self.steps, STEPS),
            ("size", self.side, SIDES),
        ):
            if value is not None and not least <= value <= most:
                raise ImagineError(f"The {name} is {value}. Choose one from {least} to {most}.")
        if self.side is not None and self.side % 8:
            raise ImagineError(f"The size {self.side} is no multiple of 8. Choose {self.side // 8 * 8}.")

    @property
    def text(self) -> str:
        """All that describes the picture, on one line."""
        parts = (" ".join(part.split()).strip(" ,") for part in (self.preamble, self.prompt))
        return ", ".join(part for part in parts if part)

    @property
    def name(self) -> str:
        """What files begin with: the first words of the prompt in small letters, and the seed.

        Letters of other scripts are kept; all else but digits becomes `_`.
        """
        letters = unicodedata.normalize("NFC", self.prompt).lower()
        words = re.sub(r"[\W_]+", "_", letters).strip("_")
        if len(words) > NAME_CHARACTERS:
            words = words[: NAME_CHARACTERS + 1].rpartition("_")[0] or words[:NAME_CHARACTERS]
        return f"{words or 'face'}_{self.seed}"
