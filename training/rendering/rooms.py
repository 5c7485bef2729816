"""Rooms: panoramas of places without people, as light and as backdrop.

    npm pack @pmndrs/assets && tar xzf pmndrs-assets-*.tgz
    python -m training.rendering.rooms --package package --out data/rooms.npz

packs the 18 panoramas (CC0 1.0, 512 x 256, linear) of the npm package; it needs `pip install OpenEXR`.
"""

from __future__ import annotations

import argparse
import base64
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.camera import SceneCamera
from training.rendering.portrait_shading import Room
from training.rendering.shading import DirectionalLight, Lighting
from training.scenes.primitives import euler

SMALL = (24, 48)
"""Rows and columns of the panorama that surfaces reflect."""
SUN = 3.0
"""Brightness, in means of the panorama, above which light counts as a lamp's, not as the room's."""
WIDEST = 100.0
"""Degrees across a backdrop at most."""


@dataclass(frozen=True, eq=False)
class Panorama:
    """A place seen from its middle.

    radiance_hwc: (256, 512, 3) float32, of mean 1, rows from +Y to -Y, the middle column along +Z. way_hw3:
    unit vectors of its pixels. share_hw: of the sphere, adding up to 1.
    """

    radiance_hwc: Array
    way_hw3: Array
    share_hw: Array


def load_rooms(path: Path) -> list[Panorama]:
    """Reads what this module's command has written. Raises FileNotFoundError."""
    if not path.is_file():
        raise FileNotFoundError(
            f"No rooms at {path}: make them with `python -m training.rendering.rooms`, see docs/people.md."
        )
    with np.load(path) as packed:
        return [panorama(packed[name].astype(np.float32)) for name in sorted(packed)]


def panorama(radiance_hwc: Array) -> Panorama:
    """From linear colour. Compression left dark and negative rings around lamps: narrow dark places are
    filled to half of what is around them.
    """
    clipped = np.clip(radiance_hwc, 0, None).astype(np.float32)
    around = cv2.morphologyEx(clipped, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    radiance = np.maximum(clipped, 0.5 * cv2.blur(np.minimum(around, 4 * np.median(around)), (5, 5)))
    height, width = radiance.shape[:2]
    polar = (np.arange(height) + 0.5)[:, None] / height * np.pi
    turn = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    way = np.stack(
        np.broadcast_arrays(np.sin(polar) * np.sin(turn), np.cos(polar), np.sin(polar) * np.cos(turn)), -1
    )
    share = np.broadcast_to(np.sin(polar), (height, width)) / (np.sin(polar).sum() * width)
    # A sun of a few pixels would outweigh the rest without end.
    radiance = np.minimum(radiance, 60 * np.median(radiance.mean(-1)) + 5 * radiance.mean())
    mean = float((radiance.mean(-1) * share).sum())
    return Panorama((radiance / max(mean, 1e-6)).astype(np.float32), way.astype(np.float32), share)


def turned(room: Panorama, rng: Generator) -> Panorama:
    """The room from another side; half of the time mirrored."""
    rolled = np.roll(room.radiance_hwc, int(rng.integers(room.radiance_hwc.shape[1])), axis=1)
    return Panorama(rolled[:, ::-1] if rng.random() < 0.5 else rolled, room.way_hw3, room.share_hw)


def room_light(room: Panorama, rng: Generator) -> tuple[Lighting, Room]:
    """What lights a head in the room: the brightest place as a lamp with a shadow, the rest as room light."""
    light = room.radiance_hwc * np.float32(rng.uniform(0.35, 0.7))
    limit = SUN * float((light.mean(-1) * room.share_hw).sum())
    bright = np.maximum(light - limit, 0)
    power = (bright * room.share_hw[..., None]).sum((0, 1))
    weight = (bright.mean(-1) + 1e-6 * light.mean(-1)) * room.share_hw
    towards = (room.way_hw3 * weight[..., None]).sum((0, 1))
    towards /= max(float(np.linalg.norm(towards)), 1e-9)
    # Light of all directions together, in the unit of a matt surface that faces it.
    lamp = DirectionalLight(
        towards, 4 * power, rng.uniform(0, 0.4), rng.uniform(5, 60), 0.1, rng.uniform(0.5, 4)
    )
    light = np.minimum(light, limit)
    small = cv2.resize(light, SMALL[::-1], interpolation=cv2.INTER_AREA)
    return Lighting(np.zeros(3), np.zeros((3, 3)), (lamp,)), Room(harmonics(light, room), small)


def harmonics(light_hwc: Array, room: Panorama) -> Array:
    """Light on matt surfaces, (9, 3), see `portrait_shading.irradiance` (Ramamoorthi and Hanrahan, 2001)."""
    x, y, z = np.moveaxis(room.way_hw3, -1, 0)
    terms = (np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    factors = (1, 2, 2, 2, 15 / 4, 15 / 4, 5 / 16, 15 / 4, 15 / 16)
    return np.stack(
        [
            factor * np.einsum("hwc,hw->c", light_hwc, term * room.share_hw)
            for factor, term in zip(factors, terms, strict=True)
        ]
    ).astype(np.float64)


def room_view(room: Panorama, camera: SceneCamera, side: int, rng: Generator) -> Array:
    """What the camera sees of the room behind the people, (side, side, 3) float32: at the field of view of
    the camera or a narrower or wider one, tilted.
    """
    across = np.degrees(2 * np.arctan(camera.scene_width / 2 / camera.distance))
    across = float(np.clip(across * np.exp(rng.normal() * 0.4), 15, WIDEST))
    x = ((np.arange(side) + 0.5) / side - 0.5) * 2 * np.tan(np.radians(across / 2))
    ray = np.stack(np.broadcast_arrays(x[None, :], -x[:, None], -1.0), -1)
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True) @ euler(0, rng.normal() * 10, rng.normal() * 5).T
    height, width = room.radiance_hwc.shape[:2]
    row = np.arccos(np.clip(ray[..., 1], -1, 1)) / np.pi * height - 0.5
    # The seam lies behind the people: turn the panorama so that it does not.
    column = (np.arctan2(-ray[..., 0], -ray[..., 2]) / (2 * np.pi) + 0.5) * width - 0.5
    behind = np.roll(room.radiance_hwc, width // 2, axis=1)
    return np.asarray(
        cv2.remap(
            behind,
            column.astype(np.float32),
            row.astype(np.float32),
            cv2.INTER_LINEAR,  # a cubic one is negative beside lamps
            borderMode=cv2.BORDER_REPLICATE,
        )
    ).clip(0)


def pack(package: Path, out: Path) -> int:
    """Writes the panoramas of the unpacked npm package as float16; returns their number."""
    import OpenEXR  # a decoder that only this command needs

    files = sorted((package / "hdri").glob("*.exr.js"))
    if not files:
        raise FileNotFoundError(
            f"No hdri/*.exr.js in {package}: unpack the npm package @pmndrs/assets there."
        )
    rooms, temporary = {}, out.with_suffix(".exr")
    out.parent.mkdir(parents=True, exist_ok=True)
    for file in files:
        text = file.read_text()
        temporary.write_bytes(base64.b64decode(text[text.index("base64,") + 7 : text.rindex("'")]))
        with OpenEXR.File(str(temporary)) as image:
            rooms[file.name.split(".")[0]] = np.asarray(image.channels()["RGB"].pixels, np.float16)
    temporary.unlink()
    np.savez(out, allow_pickle=False, **rooms)
    return len(rooms)


def main() -> None:
    """Packs the rooms."""
    parser = argparse.ArgumentParser(description="Pack the panoramas of the npm package @pmndrs/assets.")
    parser.add_argument("--package", type=Path, required=True, help="folder of the unpacked package")
    parser.add_argument("--out", type=Path, default=Path("data/rooms.npz"))
    options = parser.parse_args()
    print(f"{pack(options.package, options.out)} rooms in {options.out}")


if __name__ == "__main__":
    main()
