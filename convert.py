"""The command line: photos to depth maps, points and models.

    python convert.py portrait.jpg -o out/
    python convert.py photos/ -o out/ --model bust --formats glb,stl,ply --height-mm 120

Per photo, in the output folder: NAME_depth.png (8 bit), NAME_depth16.png, NAME_depth.npy, NAME_points.ply,
the model as NAME.glb (or the formats asked for) and NAME_certificate.json. One line per photo; the exit code
is 1 if any failed, and the others are still done.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from face3d.depth.registry import NETWORKS
from face3d.errors import FaceModelError, PhotoError
from face3d.export import renderings
from face3d.export.depth_maps import DEPTH_WRITERS
from face3d.export.files import save
from face3d.export.html_viewer import write_viewer
from face3d.export.models import WRITERS, report_json, write
from face3d.geometry.kinds import KINDS
from face3d.geometry.settings import ModelSettings
from face3d.photo import accepted_suffixes, read_photo
from face3d.structures import DepthMap, Photo
from generate_3d_model import generate_model

PICTURES = {picture.format: picture for picture in renderings.PICTURES}
"""Pictures of the model that `--formats` takes beside the writers' formats."""
VIEWER = "html"


def arguments() -> argparse.ArgumentParser:
    """The command line's options."""
    formats = ", ".join([*WRITERS, VIEWER, *PICTURES])
    parser = argparse.ArgumentParser(description="Photos of faces to depth maps, points and 3D models.")
    parser.add_argument(
        "photos",
        nargs="*",
        type=Path,
        default=[Path("input")],
        metavar="PHOTO",
        help="photos or folders; default: input/",
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("output"), metavar="DIR", help="default: output/"
    )
    parser.add_argument(
        "--network",
        default="face",
        choices=list(NETWORKS),
        metavar="NAME",
        help=f"default: face; one of {', '.join(NETWORKS)}",
    )
    parser.add_argument(
        "--checkpoint",
        default=None,
        metavar="PATH",
        help="file in place of the network's published one; for transformers networks a folder or hub id",
    )
    parser.add_argument(
        "--device",
        default=None,
        metavar="NAME",
        help="cpu, cuda or mps; default: the fastest one here; not for face: it runs on the CPU",
    )
    parser.add_argument(
        "--precision",
        default=None,
        metavar="NAME",
        help="float32, bfloat16 or float16; default: the device's usual one; not for face",
    )
    kinds = "; ".join(f"{name}: {kind.summary}" for name, kind in KINDS.items())
    parser.add_argument("--model", default="bust", choices=list(KINDS), help=f"default: bust. {kinds}")
    parser.add_argument(
        "--formats",
        default="glb",
        type=_formats,
        metavar="LIST",
        help=f"comma-separated, default: glb; of {formats}",
    )
    defaults = ModelSettings()
    parser.add_argument(
        "--height-mm",
        type=float,
        default=None,
        metavar="MM",
        help="height of the model; default: measured by the eyes",
    )
    parser.add_argument(
        "--faces",
        type=int,
        default=defaults.face_budget,
        metavar="N",
        help=f"largest number of triangles, default: {defaults.face_budget}; 500000 take half a minute",
    )
    parser.add_argument(
        "--smoothing",
        type=float,
        default=defaults.smoothing_px,
        metavar="PX",
        help=f"Gaussian sigma in pixels, default: {defaults.smoothing_px:g}",
    )
    parser.add_argument(
        "--fov",
        type=float,
        default=None,
        metavar="DEGREES",
        help="horizontal field of view; default: the photo's own, else 30",
    )
    parser.add_argument(
        "--near-far",
        type=float,
        default=defaults.near_far_ratio,
        metavar="RATIO",
        help="farthest over nearest distance, for MiDaS and Depth Anything: more is deeper; "
        f"default: {defaults.near_far_ratio:g}",
    )
    parser.add_argument(
        "--keep-background", action="store_true", help="do not cut the person out (face alone does)"
    )
    return parser


def _formats(text: str) -> list[str]:
    """`--formats` as a list of known names, each once."""
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    known = [*WRITERS, VIEWER, *PICTURES]
    if unknown := [name for name in names if name not in known]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(known)}")
    return names


def find_photos(given: Iterable[Path]) -> list[Path]:
    """The files named, and the photos directly in the folders named, in order.

    Raises: PhotoError for a folder without photos, and where nothing that was named is there.
    """
    given = list(given)
    if given and not any(path.exists() for path in given):
        raise PhotoError(_not_there(given[0]))
    found: list[Path] = []
    for path in given:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            file
            for file in path.iterdir()
            if file.suffix.lower().lstrip(".") in accepted_suffixes() and file.is_file()
        )
        if not inside:
            raise PhotoError(
                f"{path}/ holds no photo ({', '.join(accepted_suffixes())}). "
                "Put some there, or name another folder."
            )
        found += inside
    return list(dict.fromkeys(found))


def _not_there(path: Path) -> str:
    return f"{path} is not there. Name a photo or a folder of photos; the default is the folder input/."


def _read(path: Path) -> Photo:
    """The photo of a file. Raises: PhotoError; OSError where it cannot be read."""
    if not path.exists():
        raise PhotoError(_not_there(path))
    return read_photo(path.read_bytes(), path.name)


def output_names(photos: list[Path]) -> list[str]:
    """The first part of the file names of each photo: its name without the ending; unique in the batch.

    Where two would be equal, the ending or a number is added. a.jpg has a file of points, a_points.ply, so
    a_points.jpg takes a number as well.
    """
    names: list[str] = []
    taken: set[str] = set()
    stems = [path.stem.lower() for path in photos]
    for path in photos:
        name = path.stem if stems.count(path.stem.lower()) == 1 else path.name.replace(".", "_")
        free, number = name, 2
        while taken & _begins(free):
            free, number = f"{name}_{number}", number + 1
        taken |= _begins(free)
        names.append(free)
    return names


def _begins(name: str) -> set[str]:
    """The names that one photo occupies, in small letters: some file systems ignore case."""
    return {name.lower(), f"{name.lower()}_points"}


def convert(
    photo: Photo, depth: DepthMap, kind: str, formats: list[str], settings: ModelSettings, begin: Path
) -> str:
    """Write everything of one photo; file names begin with `begin`. Returns what to print about it."""
    files = {suffix: make(depth) for suffix, make in DEPTH_WRITERS.items()}
    model = generate_model(depth, photo, kind, settings)
    files["_points.ply"] = write("ply", model.points())
    models = {name: write(name, model.mesh) for name in formats if name in WRITERS}
    files |= {WRITERS[name].suffix: data for name, data in models.items()}
    files |= {PICTURES[name].suffix: PICTURES[name].make(model.mesh) for name in formats if name in PICTURES}
    if VIEWER in formats:
        files[".html"] = write_viewer(model.mesh, begin.name)
    files["_certificate.json"] = report_json(model.report, models)
    for suffix, data in files.items():
        save(begin.with_name(begin.name + suffix), data)
    width, height, deep = model.report.size_mm
    scale, verdict = model.placement.scale, model.report.verdict
    return f"{kind}, {width:.0f} x {scale.describe(height)} x {deep:.0f} mm ({scale.source}), {verdict}"


def main(argv: list[str] | None = None) -> int:
    """Convert the photos named on the command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a name that the console cannot write stops no batch
    options = arguments().parse_args(argv)
    try:
        settings = ModelSettings(
            height_mm=options.height_mm,
            face_budget=options.faces,
            smoothing_px=options.smoothing,
            fov_degrees=options.fov,
            near_far_ratio=options.near_far,
            foreground_only=not options.keep_background,
        )
        photos = find_photos(options.photos)
        if options.output.resolve() in (path.resolve() for path in options.photos):
            raise PhotoError(
                f"{options.output}/ holds the photos; pictures written there would be taken for photos. "
                "Name another with -o."
            )
        import depth_estimation  # torch: seconds to import, so only once the arguments are good
        from face3d.depth import checkpoints

        network = depth_estimation.load_network(
            options.network,
            checkpoint=options.checkpoint,
            device=options.device,
            precision=options.precision,
            progress=checkpoints.print_progress,
        )
    except (FaceModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    failed = 0
    for path, name in zip(photos, output_names(photos), strict=True):
        started = time.perf_counter()
        try:
            photo = _read(path)
            depth = depth_estimation.predict(network, photo)
            if depth.detects_faces and not depth.faces:
                print(f"{path}: no face was found; the model may be of little use.", file=sys.stderr)
            said = convert(photo, depth, options.model, options.formats, settings, options.output / name)
        except (FaceModelError, OSError) as error:
            failed += 1
            print(f"{path}: failed. {error}", file=sys.stderr)
            continue
        print(
            f"{path}: {said}, {time.perf_counter() - started:.1f} s -> {options.output / name}*", flush=True
        )
    if failed:
        print(f"{failed} of {len(photos)} photos failed.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
