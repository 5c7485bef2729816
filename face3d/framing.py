"""How a photo was turned and then cropped, and the same for what goes with it: masks and depth maps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from face3d.crop import PixelBox, cropped
from face3d.errors import FaceModelError
from face3d.structures import Array, Photo

Size = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True)
class Framing:
    """Turn and crop of a photo.

    whole_hw: height and width of the photo as it was read. degrees: by which it was turned clockwise then.
    box: the pixels of the turned photo that are left, as `face3d.crop.pixel_box` gives them; None for all.
    """

    whole_hw: Size
    degrees: int = 0
    box: PixelBox | None = None

    @property
    def turned_hw(self) -> Size:
        """Height and width of the turned photo."""
        height, width = self.whole_hw
        return (width, height) if self.degrees in (90, 270) else (height, width)

    @property
    def part_hw(self) -> Size:
        """Height and width of what is left."""
        if self.box is None:
            return self.turned_hw
        left, top, right, bottom = self.box
        return bottom - top, right - left

    def photo(self, photo: Photo) -> Photo:
        """The photo, turned and cropped."""
        turned = photo.turned(self.degrees)
        return turned if self.box is None else cropped(turned, self.box)

    def cut(self, layer_hw: Array) -> Array:
        """The part of a layer of the size of the turned photo."""
        if self.box is None:
            return layer_hw
        left, top, right, bottom = self.box
        return layer_hw[top:bottom, left:right]

    def mask(self, mask: Photo, name: str, error: type[FaceModelError]) -> Photo:
        """A mask picture of the whole photo turned and cropped as the photo is; one of the part as it is.

        name: for the message. Raises `error` where `is_of_part` does.
        """
        if self.box is None and self.degrees == 0:
            return mask
        if self.is_of_part(mask.size_hw, name, error):
            return mask
        turned = mask.turned(self.degrees)
        return turned if self.box is None else cropped(_resized(turned, self.turned_hw), self.box)

    def is_of_part(self, size_hw: Size, name: str, error: type[FaceModelError]) -> bool:
        """Whether a picture or a map of this size belongs to the turned and cropped photo, not to the whole.

        It may be smaller or larger, of the same proportions to within a pixel. Where it has those of both, it
        belongs to the one whose size it has; where nothing is cropped, to the whole photo.
        name: for the message. Raises `error` where it fits neither, and where it cannot be told which.
        """
        of_whole = same_proportions(size_hw, self.whole_hw)
        of_part = same_proportions(size_hw, self.part_hw)
        (rows, columns), (height, width), part_hw = size_hw, self.whole_hw, self.part_hw
        sizes = f"{name} has {columns} x {rows} pixels"
        if not (of_whole or of_part):
            part = "" if part_hw == self.whole_hw else f" and its part {part_hw[1]} x {part_hw[0]}"
            raise error(
                f"{sizes}, other proportions than the photo: upright, it has {width} x {height}{part}. "
                "Choose the one of this photo, or crop it as the photo is."
            )
        if not (of_whole and of_part):
            return of_part
        if self.box is not None and size_hw not in (self.whole_hw, part_hw):
            raise error(
                f"{sizes}, the proportions of the photo ({width} x {height}) and of the part of it "
                f"({part_hw[1]} x {part_hw[0]}). Save it in the size of one of the two."
            )
        return self.box is not None and size_hw != self.whole_hw


def same_proportions(size_hw: tuple[int, ...], photo_hw: Size) -> bool:
    """Whether a map covers a photo of another size to within one pixel of the coarser of the two."""
    (rows, columns), (height, width) = size_hw, photo_hw
    return abs(rows * width - columns * height) <= max(rows, columns, height, width)


def _resized(mask: Photo, size_hw: Size) -> Photo:
    """A mask picture in another size."""
    if mask.size_hw == size_hw:
        return mask
    way = cv2.INTER_AREA if mask.size_hw[0] > size_hw[0] else cv2.INTER_LINEAR
    rgb_hwc = cv2.resize(mask.rgb_hwc, size_hw[::-1], interpolation=way)
    alpha_hw = None
    if mask.alpha_hw is not None:
        alpha_hw = cv2.resize(mask.alpha_hw, size_hw[::-1], interpolation=way)
    return Photo(rgb_hwc, alpha_hw, None, mask.sha256)
