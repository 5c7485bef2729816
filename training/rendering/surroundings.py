"""Light and backdrop of a scene of people: rooms, pictures, procedural places, crowds. Linear colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import skimage.data
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.backdrop import cloud, outdoor_backdrop, random_backdrop
from training.rendering.camera import SceneCamera
from training.rendering.lighting import random_light
from training.rendering.portrait_shading import Room
from training.rendering.rooms import Panorama, room_light, room_view, turned
from training.rendering.shading import Lighting

CHANCE = {"alike ground": 0.1, "crowd": 0.07, "bleeding light": 0.07}
"""Probabilities; an alike ground replaces the backdrop by one of the colour of hair, skin or clothes."""
KINDS = {"room": 0.5, "picture": 0.12, "furniture": 0.2, "outdoors": 0.08, "noise": 0.1}
"""Shares of the kinds of backdrop. Without rooms their share is divided among the others."""
PICTURES = ("brick", "grass", "gravel", "coffee", "chelsea", "rocket", "coins", "page", "text", "clock")
"""Of `skimage.data`, all without people."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """backdrop_hwc: (s, s, 3) float32, as bright as the light. has: names of what was drawn."""

    lighting: Lighting
    room: Room
    backdrop_hwc: Array
    has: frozenset[str]


def random_surroundings(
    rooms: list[Panorama], camera: SceneCamera, colours_k3: Array, side: int, rng: Generator
) -> Surroundings:
    """colours_k3: of hair, skin and clothes, for an alike ground. rooms: may be empty."""
    names = tuple(KINDS)
    shares = np.array([KINDS[name] * (name != "room" or bool(rooms)) for name in names])
    kind = names[int(rng.choice(len(names), p=shares / shares.sum()))]
    has = {name for name, chance in CHANCE.items() if rng.random() < chance}
    if kind == "room":
        has.add("room")
        place = turned(rooms[int(rng.integers(len(rooms)))], rng)
        lighting, room = room_light(place, rng)
        if rng.random() < 0.35:
            more, lamp_names = random_light(rng)
            lighting = Lighting(lighting.ambient_3, lighting.slope_33, (*lighting.lights, *more.lights[-1:]))
            has |= lamp_names & {"back light", "flash"}
        backdrop = room_view(place, camera, side, rng)
    else:
        lighting, light_names = random_light(rng)
        has |= light_names
        room = plain_room(lighting)
        backdrop = _ground(kind, side, rng) * max(float(lighting.ambient_3.mean()), 0.1) * rng.uniform(1, 3)
    if "alike ground" in has:
        backdrop = _alike(colours_k3, room, side, rng)
    if rng.random() < 0.75:
        backdrop = cv2.GaussianBlur(backdrop, (0, 0), side * rng.uniform(0.002, 0.03))
    if "crowd" in has:
        backdrop = _with_crowd(backdrop.astype(np.float32), room, rng)
    return Surroundings(lighting, room, np.asarray(backdrop, np.float32), frozenset(has))


def plain_room(lighting: Lighting) -> Room:
    """Room light like that of the scenes of the first kind: even, with a slope; reflected with its lamps."""
    harmonics = np.zeros((9, 3))
    harmonics[0] = lighting.ambient_3
    for term, axis in ((1, 1), (2, 2), (3, 0)):
        harmonics[term] = lighting.slope_33[axis] * lighting.ambient_3
    height, width = 24, 48
    polar = (np.arange(height) + 0.5)[:, None] / height * np.pi
    turn = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    way = np.stack(
        np.broadcast_arrays(np.sin(polar) * np.sin(turn), np.cos(polar), np.sin(polar) * np.cos(turn)), -1
    )
    panorama = harmonics[0] + way @ harmonics[[3, 1, 2]]
    for light in lighting.lights:
        panorama = panorama + light.colour_3 * 2 * np.clip(way @ light.towards_3, 0, 1)[..., None] ** 30
    return Room(harmonics, np.clip(panorama, 0, None).astype(np.float32))


def _ground(kind: str, side: int, rng: Generator) -> Array:
    if kind == "picture":
        return _picture(side, rng)
    if kind == "furniture":
        return _furniture(side, rng)
    return outdoor_backdrop(side, rng) if kind == "outdoors" else random_backdrop(side, rng)


@cache
def _linear(name: str) -> Array:
    picture = getattr(skimage.data, name)()
    picture = np.repeat(picture[..., None], 3, -1) if picture.ndim == 2 else picture[..., :3]
    return np.asarray((picture / 255.0) ** 2.2, np.float32)


def _picture(side: int, rng: Generator) -> Array:
    """A crop of a photograph, mirrored or turned upside down, of any contrast and tint."""
    whole = _linear(PICTURES[int(rng.integers(len(PICTURES)))])
    cut = int(min(whole.shape[:2]) * rng.uniform(0.35, 1))
    top, left = (int(rng.integers(0, n - cut + 1)) for n in whole.shape[:2])
    crop = whole[top : top + cut, left : left + cut][:, :: int(rng.choice([-1, 1]))]
    crop = cv2.resize(np.ascontiguousarray(crop), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(crop * rng.uniform(0.7, 1.3, 3) * rng.uniform(0.6, 1.6))


def _muted(rng: Generator) -> Array:
    """A colour of walls and furniture: mostly grey, white, beige or wood."""
    level = rng.uniform(0.02, 0.8)
    return np.clip(
        level * (1 + rng.normal(size=3) * rng.choice([0.06, 0.2, 0.5], p=[0.5, 0.35, 0.15])), 0.01, 1
    )


def _furniture(side: int, rng: Generator) -> Array:
    """A wall with a lit side, and windows, frames, shelves with books, plants and doors before it."""
    across = np.linspace(-1, 1, side)[None, :, None]
    wall = _muted(rng) * (1 + rng.uniform(-0.5, 0.5) * across) * (0.9 + 0.2 * cloud(side, rng, 3)[..., None])
    if rng.random() < 0.4:
        corner = int(rng.uniform(0.1, 0.9) * side)
        wall[:, corner:] *= rng.uniform(0.4, 1.6)
    ground = np.ascontiguousarray(wall, np.float32)
    for _ in range(rng.integers(0, 6)):
        (_window, _frame, _shelf, _plant)[int(rng.integers(4))](ground, rng)
    return ground


def _box(ground: Array, rng: Generator) -> tuple[int, int, int, int]:
    side = len(ground)
    width, height = rng.uniform(0.12, 0.6, 2) * side
    left, top = rng.uniform(-0.3, 0.9, 2) * side
    return int(max(left, 0)), int(max(top, 0)), int(max(left + width, 4)), int(max(top + height, 4))


def _window(ground: Array, rng: Generator) -> None:
    left, top, right, bottom = _box(ground, rng)
    pane = ground[top:bottom, left:right]
    pane[:] = rng.uniform(0.6, 3) * np.array([0.95, 1, 1.05]) * (0.5 + 0.5 * rng.random())
    cv2.rectangle(
        ground, (left, top), (right, bottom), tuple(map(float, _muted(rng))), int(rng.integers(1, 5))
    )
    middle = (left + right) // 2
    cv2.line(ground, (middle, top), (middle, bottom), tuple(map(float, _muted(rng))), int(rng.integers(1, 4)))


def _frame(ground: Array, rng: Generator) -> None:
    left, top, right, bottom = _box(ground, rng)
    size = ground[top:bottom, left:right].shape[:2]
    if min(size) > 4:
        inside = _picture(max(size), rng)[: size[0], : size[1]]
        ground[top:bottom, left:right] = inside if rng.random() < 0.4 else _muted(rng)
    cv2.rectangle(
        ground, (left, top), (right, bottom), tuple(map(float, _muted(rng))), int(rng.integers(1, 5))
    )


def _shelf(ground: Array, rng: Generator) -> None:
    left, top, right, bottom = _box(ground, rng)
    ground[top:bottom, left:right] = _muted(rng) * 0.4
    board = max(int((bottom - top) / rng.integers(2, 6)), 5)
    for low in range(top + board, bottom + 1, board):
        x = left
        while x < right:
            wide = int(rng.integers(2, 7))
            high = int(board * rng.uniform(0.5, 0.92))
            colour = rng.uniform(0.02, 0.7, 3) if rng.random() < 0.6 else _muted(rng)
            ground[max(low - high, 0) : low, x : min(x + wide, right)] = colour
            x += wide


def _plant(ground: Array, rng: Generator) -> None:
    side = len(ground)
    green = rng.uniform(0.02, 0.3) * np.array([0.6, 1.0, 0.35])
    x, y = rng.uniform(0, side, 2)
    for _ in range(int(rng.integers(15, 60))):
        centre = (int(x + rng.normal() * 0.1 * side), int(y + rng.normal() * 0.12 * side))
        axes = (max(1, int(rng.uniform(0.01, 0.06) * side)), max(1, int(rng.uniform(0.005, 0.02) * side)))
        leaf = tuple(map(float, green * rng.uniform(0.3, 2)))
        cv2.ellipse(ground, centre, axes, float(rng.uniform(0, 180)), 0, 360, leaf, -1)


def _alike(colours_k3: Array, room: Room, side: int, rng: Generator) -> Array:
    """A ground of the colour of hair, skin or clothes in the room's light: outlines are hard to see."""
    colour = colours_k3[int(rng.integers(len(colours_k3)))] * rng.uniform(0.6, 1.5)
    light = np.clip(room.harmonics_93[0], 0.02, None)
    shade = 0.75 + 0.5 * cloud(side, rng, int(rng.integers(1, 6)))
    return np.asarray(colour * light * shade[..., None])


def _with_crowd(backdrop: Array, room: Room, rng: Generator) -> Array:
    """Blurred heads and shoulders far behind: no foreground."""
    side = len(backdrop)
    out, light = backdrop.copy(), np.clip(room.harmonics_93[0], 0.05, None)
    size, level = rng.uniform(0.03, 0.09) * side, rng.uniform(0.2, 0.8) * side
    for _ in range(int(rng.integers(2, 14))):
        x, y = rng.uniform(0, side), level + rng.normal() * size
        tone, shirt, hair = rng.random(), rng.uniform(0.01, 0.6, 3), rng.uniform(0.005, 0.2)
        skin = np.exp((1 - tone) * np.log([0.6, 0.4, 0.3]) + tone * np.log([0.08, 0.04, 0.03]))
        body = (int(x), int(y + 2.6 * size)), (int(1.7 * size), int(1.7 * size)), shirt
        head = (int(x), int(y)), (max(1, int(0.72 * size)), max(1, int(size))), skin
        top = (
            (int(x), int(y - 0.45 * size)),
            (max(1, int(0.78 * size)), max(1, int(0.65 * size))),
            np.full(3, hair),
        )
        for centre, axes, colour in (body, head, top):
            cv2.ellipse(out, centre, axes, 0, 0, 360, tuple(map(float, colour * light)), -1)
    return np.asarray(cv2.GaussianBlur(out, (0, 0), side * rng.uniform(0.006, 0.025)))


def with_bleeding(colour_hwc: Array, backdrop_hwc: Array, anything_hw: Array, rng: Generator) -> Array:
    """A picture before a bright ground whose light spills over the outline, (s, s, 3)."""
    side = len(anything_hw)
    bright = backdrop_hwc * rng.uniform(2, 6)
    open_ = bright * (1 - anything_hw[..., None])
    veil = cv2.GaussianBlur(open_, (0, 0), side * rng.uniform(0.01, 0.06))
    return np.asarray(colour_hwc + open_ + rng.uniform(0.1, 0.5) * veil)
