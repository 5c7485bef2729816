"""`Advice`: what is in a photo, what will go wrong, and the settings that suit it, with a reason each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from face3d.completion.table import COMPLETIONS
from face3d.geometry.settings import SETTING_RANGES, ModelSettings
from face3d.matte.table import MATTES

ADVISABLE = {
    "smoothing_px": "Gaussian smoothing in pixels of the photo",
    "edge_tolerance": "relative jump in distance at which the surface is cut",
    "fov_degrees": "horizontal field of view in degrees",
    "near_far_ratio": "farthest over nearest distance, for networks that leave it open",
    "face_budget": "largest number of triangles",
    "face": "number of the face that is modelled, 1 covers most of the picture",
}
"""Settings that advice may name, fields of `ModelSettings`, with their meaning."""
WHOLE = {"face_budget", "face"}
"""Those of them that are whole numbers."""
LONGEST = 400
"""Characters of a text from elsewhere that are kept."""
MOST = 8
"""Problems and settings of an advice from elsewhere that are kept."""


@dataclass(frozen=True)
class SettingAdvice:
    """A value for a field of `ModelSettings`, and why."""

    name: str
    value: float
    reason: str


@dataclass(frozen=True)
class Advice:
    """What an assistant says about one photo. All texts are plain, to be shown as text.

    contents: what is in the picture. problems: what will go wrong, a sentence each.
    matte: a row of MATTES, or None for no advice, with its reason. completion: a row of COMPLETIONS that
    names no checkpoint of the user's, in the same way. texture: advice in a sentence, or ''.
    alternative_text: for a screen reader. by: the assistant's name.
    note: why another assistant than the one asked for has answered, or ''.
    """

    contents: str
    problems: tuple[str, ...]
    settings: tuple[SettingAdvice, ...]
    matte: str | None
    matte_reason: str
    texture: str
    alternative_text: str
    by: str
    note: str = ""
    completion: str | None = None
    completion_reason: str = ""

    def only(self, names: Iterable[str]) -> Advice:
        """The same without settings of other names."""
        kept = set(names)
        return replace(self, settings=tuple(setting for setting in self.settings if setting.name in kept))

    def in_use(self, matte: str | None, completion: str | None) -> Advice:
        """The same without a matte or a completion other than the ones that are used; None for none."""
        same_matte, same_completion = self.matte == (matte or "none"), self.completion == completion
        return replace(
            self,
            matte=self.matte if same_matte else None,
            matte_reason=self.matte_reason if same_matte else "",
            completion=completion if same_completion else None,
            completion_reason=self.completion_reason if same_completion else "",
        )

    def as_json(self) -> dict[str, Any]:
        """For the mesh report, which has what was applied."""
        return asdict(self)

    def applied(self, settings: ModelSettings) -> ModelSettings:
        """The settings with the values advised."""
        values: dict[str, Any] = {
            setting.name: int(setting.value) if setting.name in WHOLE else setting.value
            for setting in self.settings
        }
        return replace(settings, **values)


def clamped(name: str, value: object, reason: str) -> SettingAdvice | None:
    """Advice whose value lies in the range of its setting; None for an unknown setting or no number."""
    ranges = {field: (low, high) for field, _, low, high in SETTING_RANGES}
    if name not in ADVISABLE or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value):
        return None
    low, high = ranges[name]
    inside = min(max(float(value), low), high)
    return SettingAdvice(name, float(round(inside)) if name in WHOLE else inside, plain(reason))


def plain(text: str) -> str:
    """A text from elsewhere on one line, at most LONGEST characters, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST]


def known_matte(name: str | None) -> str | None:
    """The matte, if it is a row of MATTES that needs no file of the user's."""
    return name if name in MATTES and name not in ("file", None) else None


def known_completion(name: str | None) -> str | None:
    """The completion, if it is a row of COMPLETIONS that needs no checkpoint of the user's."""
    row = COMPLETIONS.get(name or "")
    return name if row and not row.needs_checkpoint else None
