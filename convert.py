"""The command line: photos to depth maps, points and models.

    python convert.py portrait.jpg -o out/
    python convert.py photos/ -o out/ --model bust --formats glb,stl,ply --height-mm 120
    python convert.py batch photos/ out/ --ray local
    python convert.py --prompt "an old man with a white beard" --seed 7

Per photo, in the output folder: NAME_depth.png (8 bit), NAME_depth16.png and NAME_depth.npy, and what else is
asked for of the depth map; of the model of kind KIND its points, NAME_KIND_points.ply, the model as
NAME_KIND.glb (or the formats asked for) and the mesh report, NAME_KIND_report.json. One line per photo. A
photo that fails does not stop the others.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from face3d import console

if __name__ == "__main__" or console.is_installed_command():
    console.answer_early_interrupt()  # what follows takes a second

import depth_estimation
from face3d.assistant.advice import Advice
from face3d.batch import inputs, outputs
from face3d.batch.assist_options import advised
from face3d.batch.complete_options import chosen_hidden, completed, framed_hidden
from face3d.batch.depth_options import check_depth_options, kept_files, own_depth
from face3d.batch.imagine_options import described, photo_of
from face3d.batch.lock import only_run_into
from face3d.batch.manifest import Outcome, Task
from face3d.batch.matte_options import chosen_mask, chosen_matte
from face3d.batch.model_options import model_settings
from face3d.batch.options import arguments, check_settings, parsed
from face3d.batch.photo_options import framing_of, said_of_turn
from face3d.batch.progress import said_of
from face3d.batch.run import Convert, Warn, plan, run
from face3d.batch.run_options import check_overviews, check_run_options, found_photos, known_names, recipe_of
from face3d.batch.video_options import Video, check_video_options, is_film, video_of
from face3d.cluster.command import batch
from face3d.cluster.options import COMMAND
from face3d.depth import checkpoints
from face3d.depth.estimator import DepthEstimator
from face3d.errors import MatteError, memory_errors_explained, sentence_of
from face3d.export.depth_maps import DEPTH_COLOUR, DEPTH_WRITERS, ON_REQUEST, depth_colour
from face3d.export.files import save_all
from face3d.export.html_viewer import write_viewer
from face3d.export.models import WRITERS, report_json, write
from face3d.export.renderings import PICTURES
from face3d.export.strip import strip_png
from face3d.geometry.settings import ModelSettings
from face3d.own_depth.values import OwnDepth
from face3d.photo import concerns
from face3d.structures import Completion, DepthMap, Photo
from generate_3d_model import generate_model


class Made(NamedTuple):
    """What was made of a photo. said: for people. report: as in its file. files: SHA-256 by path."""

    said: str
    report: Mapping[str, Any]
    files: Mapping[Path, str]


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
    video: Video | None = None,
) -> Made:
    """Write everything of one photo; file names begin with `begin`.

    completion: see `generate_model`. For the report: advice, what was applied to the settings; made_of, facts
    of a picture from words; video, that the photo is a frame of.
    """
    model = generate_model(depth, photo, kind, settings, completion)
    inside = f"{begin.name}_{kind}"
    models = {name: write(name, model.exported, inside) for name in formats if name in WRITERS}
    files = {outputs.FORMATS[name]: data for name, data in models.items()}
    files |= {picture.suffix: picture.make(model.mesh) for picture in PICTURES if picture.format in formats}
    if outputs.STRIP_FORMAT in formats:
        files[outputs.FORMATS[outputs.STRIP_FORMAT]] = strip_png(photo, depth, model.mesh)
    if "html" in formats:
        files[outputs.FORMATS["html"]] = write_viewer(model.exported, begin.name)
    files[outputs.POINTS] = write("ply", model.points())
    advised_by = [advice.as_json()] if advice else []
    figures = video and video.figures
    files[outputs.REPORT] = report_json(model.report, models, advised_by, made_of, figures)
    files = {f"_{kind}{ending}": data for ending, data in files.items()}
    passed_over = {ending for name, ending in ON_REQUEST.items() if name not in formats}
    files |= {ending: make(depth) for ending, make in DEPTH_WRITERS.items() if ending not in passed_over}
    if colours:
        files[DEPTH_COLOUR] = depth_colour(depth, colours.title())
    if video:
        files |= video.films
    report = json.loads(files[f"_{kind}{outputs.REPORT}"])
    written = {begin.with_name(begin.name + ending): data for ending, data in files.items()}
    save_all(written)
    said = said_of(kind, model.report, model.placement.scale, bool(depth.faces), completion)
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in written.items()}
    return Made(said, report, digests)


class Estimators(NamedTuple):
    """What turns a photo into its depth map: the chosen network, the bundled one, the matte and its mask.

    own: the photo's depth in place of the network's, or None. refine: the matte's edge. hidden: the mask of
    what covers the person. crop: the part of the turned photo.
    """

    network: DepthEstimator
    face_network: DepthEstimator
    matte: str
    mask: Photo | None
    own: OwnDepth | None = None
    refine: bool = False
    hidden: Photo | None = None
    crop: list[int] | None = None

    def depth_map(self, photo: Photo, degrees: int) -> tuple[Photo, DepthMap]:
        """The photo, turned clockwise and cropped, and its depth map with the matte as its foreground."""
        framing = framing_of(photo, degrees, self.crop)
        turned, mask = framing.photo(photo), self.mask and framing.mask(self.mask, "The mask", MatteError)
        own = self.own and self.own.of(framing)
        depth = own or depth_estimation.predict(self.network, turned)
        cut = depth_estimation.cut_out(
            depth, turned, self.matte, mask=mask, face_network=self.face_network, refine=self.refine
        )
        return turned, cut

    def may_lie(self, photo: Photo, depth: DepthMap, rotate: str) -> bool:
        """Whether another turn of the photo is looked for: no upright face is seen. Where faces were not
        sought, by the matte none of depth that knows no faces, only `--rotate auto` asks for it.
        """
        if depth.faces or depth.detects_faces or self.matte != "none":
            return not depth.faces
        return rotate == "auto" and not depth_estimation.find_faces(self.face_network, photo)


Upright = tuple[Photo, DepthMap, int]
"""A turned photo, its depth map, and by how many degrees it was turned clockwise."""


def predict_upright(
    estimators: Estimators, photo: Photo, rotate: str, warn: Warn, seen: tuple[Photo, DepthMap] | None = None
) -> Upright:
    """The photo, turned as `--rotate` says. `warn` is told what was found for a face.

    seen: the photo and its depth map turned by as much as is asked for, where they are known.
    """
    asked = 0 if rotate == "auto" else int(rotate)
    turned, depth = seen or estimators.depth_map(photo, asked)
    if not estimators.may_lie(turned, depth, rotate):
        return turned, depth, asked
    turn = depth_estimation.find_turn(estimators.face_network, turned)
    other = estimators.network is not estimators.face_network
    if sentence := said_of_turn(rotate, turn, faces_sought=depth.detects_faces, other_network=other):
        warn(sentence)
    if not turn or rotate != "auto":
        return turned, depth, asked
    return *estimators.depth_map(photo, turn), turn


def turned_video(
    options: argparse.Namespace, estimators: Estimators, path: Path, warn: Warn
) -> tuple[Video, Upright]:
    """A video with its frames turned as `--rotate` says; for auto all as the chosen one is turned upright.
    And that frame, as of `predict_upright`.
    """
    asked = 0 if options.rotate == "auto" else int(options.rotate)
    video = video_of(path, lambda frame: estimators.depth_map(frame, asked), options, warn)
    *_, turn = predict_upright(estimators, video.photo, options.rotate, warn, video.seen)
    if turn != asked:
        video = video_of(path, lambda frame: estimators.depth_map(frame, turn), options, lambda _: None)
    return video, (*video.seen, turn)


def convert_file(
    options: argparse.Namespace,
    settings: ModelSettings,
    estimators: Estimators,
    task: Task,
    warn: Warn,
) -> Outcome:
    """From the file of one photo to its files, or to the reason why there are none."""
    started, begin = time.perf_counter(), options.output / task.name
    try:
        sha256, made = _made(options, settings, estimators, task, warn)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other photos go on
        failure = sentence_of(error)
    else:
        failure = ""
    seconds = time.perf_counter() - started
    if failure:  # the memory that it had is free again
        return Outcome(error=failure, sha256=inputs.digest(task.path), seconds=seconds)
    files = {path.relative_to(options.output).as_posix(): digest for path, digest in made.files.items()}
    said = f"{made.said}, {seconds:.1f} s -> {inputs.shown(begin)}_*"
    return Outcome(said, sha256=sha256, report=made.report, files=files, seconds=seconds)


@memory_errors_explained()
def _made(
    options: argparse.Namespace,
    settings: ModelSettings,
    estimators: Estimators,
    task: Task,
    warn: Warn,
) -> tuple[str, Made]:
    """The digest of a photo, and what was made of it. Raises: FaceModelError, with the remedy."""
    begin, video, made_of, upright = options.output / task.name, None, None, None
    if is_film(task.path, options):
        video, upright = turned_video(options, estimators, task.path, warn)
        whole, sha256, settings = video.photo, video.sha256, replace(settings, face=video.face)
    else:
        whole, sha256, made_of = photo_of(task.path, begin, options, warn)
        estimators = estimators._replace(own=own_depth(task.path, sha256, options))
    for concern in concerns(whole):
        warn(concern)
    photo, depth, degrees = upright or predict_upright(estimators, whole, options.rotate, warn)
    if len(depth.faces) > 1:
        warn(
            f"{len(depth.faces)} faces were found; the first covers most of the photo. "
            f"The model is of face {settings.face}; --face chooses another."
        )
    options, settings, advice = advised(photo, depth, options, settings, warn)
    hidden = framed_hidden(estimators.hidden, framing_of(whole, degrees, options.crop))
    progress = checkpoints.print_progress
    depth, photo, completion = completed(depth, photo, options, hidden, settings.face, warn, progress)
    model, formats, colours = options.model, options.formats, options.colours
    made = convert(photo, depth, model, formats, settings, begin, colours, advice, completion, made_of, video)
    return sha256, made


def opened(options: argparse.Namespace) -> Convert:
    """What converts one photo as the options say; the networks are loaded.

    Raises: FaceModelError where a setting, a mask or the network is of no use.
    """
    matte, mask = chosen_matte(options), chosen_mask(options)
    network = depth_estimation.load_network(
        options.network,
        checkpoint=options.checkpoint,
        device=options.device,
        precision=options.precision,
        quality=options.quality,
        progress=checkpoints.print_progress,
    )
    alone = options.network == "face" or (matte == "none" and options.rotate != "auto")
    face_network = network if alone else depth_estimation.load_network()
    hidden = None if options.hidden is None else inputs.read(options.hidden, inputs.MASK)
    estimators = Estimators(
        network, face_network, matte, mask, refine=options.refine_matte, hidden=hidden, crop=options.crop
    )
    return partial(convert_file, options, model_settings(options), estimators)


def convert_all(options: argparse.Namespace) -> int:
    """Convert the photos that the options name; returns the exit code.

    Raises: FaceModelError where a setting, the output folder or the network is of no use.
    """
    check_settings(options)
    check_run_options(options)
    outputs.check_folder(options.output)
    found = described(options) or found_photos(options)
    for sentence in [*found.passed_over, *found.failures]:
        print(sentence, file=sys.stderr)
    if not found.photos:
        if not found.failures:
            print("There is no photo to convert.", file=sys.stderr)
        return console.FAILED
    check_video_options(options, found.photos)
    check_depth_options(options, found.photos)
    chosen_mask(options, len(found.photos))
    chosen_hidden(options, found.photos)
    kept = [*kept_files(options), *filter(None, (options.mask, options.hidden, options.settings))]
    recipe = recipe_of(options, arguments().parse_args([]))
    face, frame, known = options.face, options.frame, known_names(options, recipe)
    names = outputs.output_names(found.photos, options.output, face, kept, found.places, frame, known)
    check_overviews(options, [*found.photos, *kept], names)
    tasks = [Task(path, name) for path, name in zip(found.photos, names, strict=True)]
    if options.dry_run:
        return plan(tasks, options, recipe)
    with only_run_into(options.output):
        return run(tasks, len(found.failures), options, recipe, opened)


def main(argv: list[str] | None = None) -> int:
    """Convert the photos named on the command line; returns the exit code, see `face3d.batch.options`.

    After the word `batch` it is a folder, on a cluster; see `face3d.cluster.options`.
    """
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == [COMMAND]:
        return console.run(lambda: batch(words[1:], "convert:opened"))
    return console.run(lambda: convert_all(parsed(argv)))


if __name__ == "__main__":
    sys.exit(main())
