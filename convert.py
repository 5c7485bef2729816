"""The command line: photos to depth maps, points and models.

    python convert.py portrait.jpg -o out/
    python convert.py photos/ -o out/ --model bust --formats glb,stl,ply --height-mm 120
    python convert.py --prompt "an old man with a white beard" --seed 7

Per photo, in the output folder: NAME_depth.png (8 bit), NAME_depth16.png and NAME_depth.npy, and what else is
asked for of the depth map; of the model of kind KIND its points, NAME_KIND_points.ply, the model as
NAME_KIND.glb (or the formats asked for) and the mesh report, NAME_KIND_report.json. One line per photo. A
photo that fails does not stop the others.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import depth_estimation
from face3d import console
from face3d.assistant.advice import Advice
from face3d.batch import inputs, outputs
from face3d.batch.assist_options import add_assist_options, advised, check_consent
from face3d.batch.complete_options import add_complete_options, chosen_hidden, completed
from face3d.batch.depth_options import add_depth_options, check_depth_options, kept_files, own_depth
from face3d.batch.imagine_options import add_imagine_options, described, photo_of
from face3d.batch.matte_options import add_matte_options, check_refinement, chosen_mask, chosen_matte
from face3d.batch.model_options import add_model_options, model_settings
from face3d.batch.print_options import add_print_options
from face3d.depth import checkpoints
from face3d.depth.estimator import DepthEstimator
from face3d.errors import FaceModelError, memory_errors_explained
from face3d.export.colour_maps import COLOUR_MAPS
from face3d.export.depth_maps import DEPTH_COLOUR, DEPTH_WRITERS, ON_REQUEST, depth_colour
from face3d.export.files import save_all
from face3d.export.html_viewer import write_viewer
from face3d.export.models import WRITERS, report_json, write
from face3d.export.renderings import PICTURES
from face3d.geometry.kinds import KINDS
from face3d.geometry.settings import ModelSettings
from face3d.own_depth.values import OwnDepth
from face3d.photo import concerns
from face3d.structures import TURNS, Completion, DepthMap, Photo
from generate_3d_model import generate_model

EXIT_CODES = """exit codes: 0, all photos are converted; 1, a photo failed or there was none; 2, wrong
arguments; 130, interrupted; 141, the reader of the output has gone."""


def arguments() -> argparse.ArgumentParser:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        description="Photos of faces to depth maps, points and 3D models.", epilog=EXIT_CODES
    )
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
    add_depth_options(parser)
    kinds = "; ".join(f"{name}: {kind.summary}" for name, kind in KINDS.items())
    parser.add_argument("--model", default="bust", choices=list(KINDS), help=f"default: bust. {kinds}")
    parser.add_argument(
        "--formats",
        default="glb",
        type=outputs.formats,
        metavar="LIST",
        help=f"comma-separated, default: glb; of {', '.join(outputs.FORMATS)}; of the depth map: "
        f"{', '.join(ON_REQUEST)}",
    )
    parser.add_argument(
        "--colours",
        choices=[name.lower() for name in COLOUR_MAPS],
        metavar="NAME",
        help=f"the depth map as PNG in colours too; one of {', '.join(COLOUR_MAPS).lower()}",
    )
    add_print_options(parser)
    add_model_options(parser)
    parser.add_argument(
        "--rotate",
        default="0",
        choices=["auto", *map(str, TURNS)],
        metavar="DEGREES",
        help="turn the photo clockwise by 90, 180 or 270 first; auto: so that the head is upright",
    )
    add_matte_options(parser)
    add_complete_options(parser)
    add_assist_options(parser)
    add_imagine_options(parser)
    return parser


def convert(
    photo: Photo,
    depth: DepthMap,
    kind: str,
    formats: list[str],
    settings: ModelSettings,
    begin: Path,
    colours: str | None = None,
    advice: Advice | None = None,
    completion: Completion | None = None,
    made_of: dict[str, Any] | None = None,
) -> str:
    """Write everything of one photo; file names begin with `begin`. Returns what to print about it.

    completion: see `generate_model`. For the report: advice, what was applied to the settings; made_of, facts
    of a picture from words.
    """
    model = generate_model(depth, photo, kind, settings, completion)
    inside = f"{begin.name}_{kind}"
    models = {name: write(name, model.mesh, inside) for name in formats if name in WRITERS}
    files = {outputs.FORMATS[name]: data for name, data in models.items()}
    files |= {picture.suffix: picture.make(model.mesh) for picture in PICTURES if picture.format in formats}
    if "html" in formats:
        files[outputs.FORMATS["html"]] = write_viewer(model.mesh, begin.name)
    files[outputs.POINTS] = write("ply", model.points())
    advised_by = [advice.as_json()] if advice else []
    files[outputs.REPORT] = report_json(model.report, models, advised_by, made_of)
    files = {f"_{kind}{ending}": data for ending, data in files.items()}
    passed_over = {ending for name, ending in ON_REQUEST.items() if name not in formats}
    files |= {ending: make(depth) for ending, make in DEPTH_WRITERS.items() if ending not in passed_over}
    if colours:
        files[DEPTH_COLOUR] = depth_colour(depth, colours.title())
    save_all({begin.with_name(begin.name + ending): data for ending, data in files.items()})
    scale, verdict = model.placement.scale, model.report.verdict
    if model.report.size_mm is None:
        return f"{kind}, {verdict}"
    width, height, deep = model.report.size_mm
    return f"{kind}, {width:.0f} x {scale.describe(height)} x {deep:.0f} mm ({scale.source}), {verdict}"


class Estimators(NamedTuple):
    """What turns a photo into its depth map: the chosen network, the bundled one, the matte and its mask.

    own: the photo's depth in place of the network's, or None. refine: the matte's edge. hidden: the mask of
    what covers the person.
    """

    network: DepthEstimator
    face_network: DepthEstimator
    matte: str
    mask: Photo | None
    own: OwnDepth | None = None
    refine: bool = False
    hidden: Photo | None = None

    def depth_map(self, photo: Photo, degrees: int) -> tuple[Photo, DepthMap]:
        """The photo, turned clockwise, and its depth map with the matte as its foreground."""
        turned, mask = photo.turned(degrees), self.mask and self.mask.turned(degrees)
        own = self.own and self.own.of(turned, degrees)
        depth = own or depth_estimation.predict(self.network, turned)
        cut = depth_estimation.cut_out(
            depth, turned, self.matte, mask=mask, face_network=self.face_network, refine=self.refine
        )
        return turned, cut


def predict_upright(
    estimators: Estimators, photo: Photo, rotate: str, warn: Callable[[str], None]
) -> tuple[Photo, DepthMap, int]:
    """The photo, turned as `--rotate` says, its depth map, and by how many degrees it was turned. `warn` is
    told what was found for a face.
    """
    asked = 0 if rotate == "auto" else int(rotate)
    turned, depth = estimators.depth_map(photo, asked)
    if depth.faces or not depth.detects_faces:
        return turned, depth, asked
    turn = depth_estimation.find_turn(estimators.face_network, turned)
    upright = (asked + turn) % 360
    if not turn:
        other = estimators.network is not estimators.face_network
        remedy = " Use --matte none for statues, pets and things." if other else ""
        warn(f"no face was found; the model is of no known use.{remedy}")
    elif rotate != "auto":
        warn(
            f"no upright face was found, but one in the photo turned by {upright} degrees. "
            f"Use --rotate {upright}, or --rotate auto."
        )
    else:
        warn(f"turned clockwise by {turn} degrees; the head is upright now.")
        return *estimators.depth_map(photo, upright), upright
    return turned, depth, asked


@memory_errors_explained()
def convert_file(
    path: Path, estimators: Estimators, settings: ModelSettings, options: argparse.Namespace, name: str
) -> str:
    """From the file of one photo to its files, named `name`. Returns what to print about it.

    Raises: FaceModelError, with the remedy.
    """
    started = time.perf_counter()

    def warn(sentence: str) -> None:
        print(f"{inputs.shown(path)}: {sentence}", file=sys.stderr)

    begin = options.output / name
    photo, made_of = photo_of(path, begin, options, warn)
    estimators = estimators._replace(own=own_depth(path, options))
    for concern in concerns(photo):
        warn(concern)
    photo, depth, degrees = predict_upright(estimators, photo, options.rotate, warn)
    if len(depth.faces) > 1:
        warn(
            f"{len(depth.faces)} faces were found; the first covers most of the photo. "
            f"The model is of face {settings.face}; --face chooses another."
        )
    settings, advice = advised(photo, depth, options, settings, warn)
    hidden = estimators.hidden and estimators.hidden.turned(degrees)
    progress = checkpoints.print_progress
    depth, photo, completion = completed(depth, photo, options, hidden, settings.face, warn, progress)
    model, formats, colours = options.model, options.formats, options.colours
    said = convert(photo, depth, model, formats, settings, begin, colours, advice, completion, made_of)
    return f"{said}, {time.perf_counter() - started:.1f} s -> {inputs.shown(begin)}_*"


def convert_all(options: argparse.Namespace) -> int:
    """Convert the photos that the options name; returns the exit code.

    Raises: FaceModelError where a setting, the output folder or the network is of no use.
    """
    settings, mask = model_settings(options), chosen_mask(options)
    check_consent(options)
    check_refinement(options)
    outputs.check_folder(options.output)
    found = described(options) or inputs.find_photos(options.photos)
    for sentence in [*found.passed_over, *found.failures]:
        print(sentence, file=sys.stderr)
    if not found.photos:
        if not found.failures:
            print("There is no photo to convert.", file=sys.stderr)
        return console.FAILED
    check_depth_options(options, found.photos)
    hidden = chosen_hidden(options, found.photos)
    kept = [*kept_files(options), *filter(None, (options.mask, options.hidden))]
    names = outputs.output_names(found.photos, options.output, options.face, kept)
    network = depth_estimation.load_network(
        options.network,
        checkpoint=options.checkpoint,
        device=options.device,
        precision=options.precision,
        progress=checkpoints.print_progress,
    )
    matte = chosen_matte(options)
    alone = matte == "none" or options.network == "face"
    face_network = network if alone else depth_estimation.load_network()
    refine = options.refine_matte
    estimators = Estimators(network, face_network, matte, mask, refine=refine, hidden=hidden)
    count = len(found.photos) + len(found.failures)
    done = 0
    try:
        for path, name in zip(found.photos, names, strict=True):
            try:
                said = convert_file(path, estimators, settings, options, name)
            except (FaceModelError, OSError) as error:
                print(f"{inputs.shown(path)}: failed. {error}", file=sys.stderr)
                continue
            done += 1
            print(f"{inputs.shown(path)}: {said}", flush=True)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{done} of {count} photos are done.") from None
    if done < count:
        print(f"{count - done} of {count} photos failed.", file=sys.stderr)
    return console.FAILED if done < count else 0


def main(argv: list[str] | None = None) -> int:
    """Convert the photos named on the command line; returns the exit code (`EXIT_CODES`)."""
    return console.run(lambda: convert_all(arguments().parse_args(argv)))


if __name__ == "__main__":
    sys.exit(main())
