"""Completion of the hidden side measured on synthetic heads, where it is known.

    python -m benchmarks.completion --face-model .../ict-facekit.npz [--heads 8] [--side 512] [--lamp 0.45]

Every head is photographed turned by several angles, in even light and in light from one side. Its depth map
is the truth, and so are the places on the head, so that the colours are measured and no network. The truth of
the hidden side is the last surface along the ray of each pixel, in the same light. The row `bust` is the
default kind of model, whose head is that of the head model and needs no engine but for a head that the
photo's edge cuts. Engines that need a checkpoint that is not here are left out.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

from benchmarks.renderers import DEFAULT_FACE_MODEL
from face3d.completion.stage import complete
from face3d.completion.table import COMPLETIONS
from face3d.geometry.camera import project
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.meshes import vertex_normals
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import model_texture, sample_texture
from face3d.head.bust import bust_mesh
from face3d.head.whole import whole_head
from face3d.structures import Array, DepthMap, DepthRepresentation, Face, Photo, SkinMap
from training.rendering.camera import SceneCamera
from training.rendering.lighting import photograph
from training.rendering.rasteriser import rasterise
from training.rendering.shading import DirectionalLight, Lighting, Surface, Visible, pack_lights, shade
from training.rendering.truth import truth
from training.scenes.face_model import FaceModel, Regions, find_regions, load_face_model
from training.scenes.primitives import GLASS, LABEL_HEAD, LABEL_NOTHING, euler, only
from training.scenes.scene import Person, details, random_person

YAWS = (0, 15, 30, 45)
DISTANCE_CM, WIDTH_CM = 75.0, 42.0
WITHOUT = {"hat", "scarf", "mask", "hand", "microphone", "sunglasses", "earrings", "neck scarf"}
"""People with these are passed over: they hide what is measured, or are on one side by chance."""
BACKGROUND = 0.18
"""Linear grey behind the head."""
TRUE_ERROR = 0.01
"""Stated error of places that are true, head widths."""
BUST = "bust"
PARALLEL_FROM = 100.0
"""Distance of a camera whose rays are all but parallel, image widths."""


@dataclass(frozen=True, eq=False)
class Case:
    """One photo of a head with its truth.

    hidden_rgb_hwc: (h, w, 3) uint8, the last surface. hidden_hw: (h, w) bool, where that is of the head.
    far_hw, face_hw: of that, the half that is turned away, and what lies before the ears. area_hw: surface
    behind a pixel, in pixels.
    """

    photo: Photo
    depth: DepthMap
    hidden_rgb_hwc: Array
    hidden_hw: Array
    far_hw: Array
    face_hw: Array
    area_hw: Array


def people(model: FaceModel, regions: Regions, count: int, first_seed: int) -> list[Person]:
    """So many people of the training's, from a seed on, without what would hide them."""
    found: list[Person] = []
    seed = first_seed
    while len(found) < count:
        person = random_person(model, regions, np.random.default_rng(seed))
        if not person.has & WITHOUT:
            found.append(person)
        seed += 1
    return found


def light_of(side_light: float) -> Lighting:
    """Soft light from above, and a lamp of this strength to one side: 0 for none, below 0 for the other.

    No gloss, which is not the surface's.
    """
    towards = np.array([np.sign(side_light) * 0.8, 0.5, 0.7])
    lamp = DirectionalLight(
        towards / np.linalg.norm(towards), np.full(3, abs(side_light)), 0.25, 20.0, 0.0, None
    )
    ambient = 0.75 - 0.45 * abs(side_light)
    return Lighting(np.full(3, ambient), np.zeros((3, 3)), (lamp,))


def make_case(person: Person, yaw: float, side_light: float, side: int, seed: int) -> Case:
    """The person turned by `yaw` degrees, before a grey wall."""
    camera = SceneCamera(euler(yaw, 0.0, 0.0), DISTANCE_CM, WIDTH_CM, (0.5, 0.5), yaw)
    mesh = only(person.mesh, (person.mesh.material_m != GLASS) & (person.mesh.label_m != LABEL_NOTHING))
    placed = camera.place(mesh.vertices_v3)
    owner = np.ones(len(mesh.triangles_m3), np.uint8)
    true = truth(mesh, owner, camera, placed, side)
    detail = details(np.random.default_rng(seed))
    lighting = light_of(side_light)
    screen = camera.project(placed, side)
    linear, index = photograph(mesh, placed, screen, detail, camera.distance, lighting, side, seed)
    matte = cv2.GaussianBlur((index >= 0).astype(np.float32), (0, 0), 0.7)
    linear = np.where((index >= 0)[..., None], linear, BACKGROUND)
    last, weight, _ = rasterise(screen, mesh.triangles_m3, side, side, True)
    surface = Surface(
        mesh.triangles_m3,
        placed,
        vertex_normals(placed, mesh.triangles_m3).astype(np.float32),
        mesh.albedo_v3,
        mesh.coordinates_v3,
        mesh.material_m,
    )
    behind = np.array([0, 0, -10 * DISTANCE_CM])  # the shader turns normals to the viewer of this side
    hidden = shade(
        Visible(last, weight), surface, detail, behind, pack_lights(lighting, placed, mesh.triangles_m3), seed
    )
    corners = mesh.triangles_m3[np.maximum(last, 0)]
    upright = np.einsum("hwk,hwkc->hwc", weight, mesh.vertices_v3[corners])
    normal = np.cross(*(placed[corners[..., k]] - placed[corners[..., 0]] for k in (1, 2)))
    cosine = np.abs((normal * camera.rays(side)).sum(-1)) / np.maximum(np.linalg.norm(normal, axis=-1), 1e-9)
    is_head = (last >= 0) & (mesh.label_m[last] >= LABEL_HEAD) & (true.label_hw > LABEL_NOTHING)
    away = np.sign(yaw) * upright[..., 0]
    far_side = camera.rotation_33[2, 0] * upright[..., 0] < 0
    ear = person.landmarks_683[[0, 16], 2].mean()
    heads = np.argwhere(true.label_hw >= LABEL_HEAD)
    (top, left), (bottom, right) = heads.min(0), heads.max(0) + 1
    eyes = camera.project(camera.place(person.eyes_23), side)[:, :2]
    face = Face(
        (float(left), float(top), float(right), float(bottom)),
        tuple((float(x), float(y)) for x, y in sorted(eyes.tolist())),  # type: ignore[arg-type]
        skin=_true_skin(true.canonical_hwc, true.label_hw >= LABEL_HEAD),
    )
    mask = true.label_hw > LABEL_NOTHING
    relief = true.relief_hw
    depth = DepthMap(
        relief,
        DepthRepresentation.RELIEF,
        mask,
        "truth",
        back_hw=np.where(mask, relief - true.thickness_hw, 0).astype(np.float32),
        uncertainty_hw=np.full(relief.shape, 0.002, np.float32),
        matte_hw=np.where(mask, np.maximum(matte, 0.51), np.minimum(matte, 0.49)).astype(np.float32),
        faces=(face,),
        detects_faces=True,
    )
    fov = float(np.degrees(2 * np.arctan(WIDTH_CM / 2 / DISTANCE_CM)))
    return Case(
        Photo(_srgb(linear), None, fov, f"{seed:064d}"),
        depth,
        _srgb(hidden),
        is_head,
        is_head & far_side & (away != 0 if yaw else True),
        is_head & far_side & (upright[..., 2] > ear),
        1 / np.maximum(cosine, 0.2),
    )


def _true_skin(canonical_hwc: Array, on_head_hw: Array) -> SkinMap:
    side = len(on_head_hw)
    skin_hw = np.isfinite(canonical_hwc[..., 0])
    places = np.where((on_head_hw & ~skin_hw)[..., None], 0, canonical_hwc).astype(np.float32)
    stated = np.full((side, side), TRUE_ERROR, np.float32)
    return SkinMap((0.0, 0.0, float(side), float(side)), places, stated, skin_hw.astype(np.float32))


def _srgb(linear: Array) -> Array:
    light = np.clip(linear, 0, 1)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
    return np.round(coded * 255).astype(np.uint8)


def hidden_picture(case: Case, engine: str) -> Array:
    """(h, w, 3) uint8: the hidden side's colours over the picture, as a bust wears them."""
    depth, photo, completion = complete(case.depth, case.photo, engine)
    relief = make_relief(depth, photo, ModelSettings(), completion)
    width = case.photo.size_hw[1]
    hidden = model_texture(relief, closed=True)[: case.photo.size_hw[0], width:]
    return cv2.resize(hidden, (width, len(hidden)), interpolation=cv2.INTER_LINEAR)


def bust_picture(case: Case) -> Array:
    """(h, w, 3) float32: the colours of the last surface of a whole bust along the rays of the pixels.

    Where the person is and the bust is not, those from around.
    Raises: HeadError where no head is fitted.
    """
    relief = make_relief(*complete(case.depth, case.photo, "symmetry")[:2], ModelSettings())
    bust = bust_mesh(whole_head(relief), relief.settings.face_budget)
    assert bust.texture_hwc is not None and bust.uv_n2 is not None
    camera = relief.camera
    distance = camera.distance * camera.unit_per_width if camera.perspective else PARALLEL_FROM
    screen = np.stack([*project(bust.vertices_n3, camera), distance - bust.vertices_n3[:, 2]], -1)
    faces = np.ascontiguousarray(bust.faces_m3, np.int32)
    index, weight, _ = rasterise(screen.astype(np.float32), faces, *camera.size_hw, True)
    places = np.einsum("hwk,hwkc->hwc", weight, bust.uv_n2[faces[np.maximum(index, 0)]])
    colours = sample_texture(bust.texture_hwc, places.reshape(-1, 2)).reshape(*camera.size_hw, 3)
    return np.where((index >= 0)[..., None], colours, fill_by_diffusion(colours, index >= 0))


class Errors:
    """Sums of squared and CIE differences over a part of many hidden sides, weighted by surface."""

    def __init__(self) -> None:
        self.weight = self.squared = self.cie = 0.0

    def add(self, found_hwc: Array, true_hwc: Array, where_hw: Array, area_hw: Array) -> None:
        """Adds one picture."""
        weight = area_hw[where_hw]
        found, true = found_hwc[where_hw] / 255, true_hwc[where_hw] / 255
        self.weight += float(weight.sum())
        self.squared += float((weight * ((found - true) ** 2).mean(-1)).sum())
        self.cie += float((weight * deltaE_ciede2000(rgb2lab(true), rgb2lab(found))).sum())

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio, dB."""
        return float(-10 * np.log10(max(self.squared / max(self.weight, 1e-9), 1e-12)))

    @property
    def delta_e(self) -> float:
        """Mean CIEDE2000."""
        return self.cie / max(self.weight, 1e-9)


PARTS = {"hidden": "hidden_hw", "far half": "far_hw", "far half of the face": "face_hw"}


def measure(
    found: list[Person], side: int, lamp: float, engines: list[str]
) -> dict[tuple[str, int, str], Errors]:
    """Errors by engine, yaw and part. Of three people one is in even light, two beside a lamp."""
    errors: dict[tuple[str, int, str], Errors] = {}
    for number, person in enumerate(found):
        for yaw in YAWS:
            turned, side_light = (1 if number % 2 else -1) * yaw, (0.0, lamp, -lamp)[number % 3]
            case = make_case(person, turned, side_light, side, number)
            for engine in engines:
                hidden = bust_picture(case) if engine == BUST else hidden_picture(case, engine)
                for part, field in PARTS.items():
                    where = getattr(case, field)
                    if where.any():
                        entry = errors.setdefault((engine, yaw, part), Errors())
                        entry.add(hidden, case.hidden_rgb_hwc, where, case.area_hw)
    return errors


def print_table(errors: dict[tuple[str, int, str], Errors], engines: list[str]) -> None:
    """As Markdown, a row per engine and part."""
    head = " | ".join(f"{yaw}°" for yaw in YAWS)
    print(f"| PSNR in dB (CIEDE2000) by yaw | engine | {head} |\n{'|---' * (len(YAWS) + 2)}|")
    for part in PARTS:
        for engine in engines:
            cells = [errors.get((engine, yaw, part)) for yaw in YAWS]
            shown = " | ".join(f"{e.psnr:.1f} ({e.delta_e:.1f})" if e else "" for e in cells)
            print(f"| {part} | {engine} | {shown} |")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.completion",
        description="Completion of the hidden side of synthetic heads.",
    )
    parser.add_argument(
        "--face-model", type=Path, default=Path(os.environ.get("FACE_MODEL", DEFAULT_FACE_MODEL))
    )
    parser.add_argument("--heads", type=int, default=8, help="default 8")
    parser.add_argument("--side", type=int, default=512, help="of the photo, pixels, default 512")
    parser.add_argument("--first-seed", type=int, default=1000, help="of the heads, default 1000")
    parser.add_argument("--lamp", type=float, default=0.45, help="strength of the lamp, default 0.45")
    options = parser.parse_args()
    model = load_face_model(options.face_model)
    found = people(model, find_regions(model), options.heads, options.first_seed)
    engines = [name for name in COMPLETIONS if name in ("diffusion", "symmetry", "telea")]
    engines = [BUST, *engines]
    print_table(measure(found, options.side, options.lamp, engines), engines)


if __name__ == "__main__":
    main()
