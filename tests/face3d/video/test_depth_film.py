"""A steady depth film, the frame of a model, and the files."""

import io
import zipfile
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from face3d.errors import ExportError, VideoError
from face3d.export.files import safe_name
from face3d.export.own_films import marked
from face3d.structures import DepthRepresentation, Face, Photo
from face3d.synthetic import head
from face3d.video import films
from face3d.video.choice import suitability
from face3d.video.films import Frames, Range, film_8bit, film_16bit
from face3d.video.frames import Frame
from face3d.video.stage import depth_film
from face3d.video.steady import Steady

SIZE = 96, 80
HEAD = head(SIZE)
RNG = np.random.default_rng(4)
TEXTURE = cv2.GaussianBlur(RNG.normal(128, 60, (*SIZE, 3)), (0, 0), 1.0)


def picture(noise=1.0, seed=0):
    grain = np.random.default_rng(seed).normal(0, noise, TEXTURE.shape)
    return Photo(np.clip(TEXTURE + grain, 0, 255).astype(np.uint8), None, None, f"{seed:064d}")


def jittered(seed, representation=DepthRepresentation.RELIEF):
    """The depth of a network that is a little different from frame to frame."""
    rng = np.random.default_rng(1000 + seed)
    noise = cv2.GaussianBlur(rng.normal(0, 1, SIZE).astype(np.float32), (0, 0), 4)
    noise *= 0.01 / noise.std()
    scale = rng.uniform(0.9, 1.1) if representation is DepthRepresentation.RELATIVE_INVERSE else 1.0
    values = (scale * (HEAD.values_hw + noise) + rng.uniform(-0.05, 0.05)).astype(np.float32)
    back = None if scale != 1.0 else np.minimum(HEAD.back_hw + (values - HEAD.values_hw), values)
    return replace(HEAD, values_hw=values, back_hw=back, representation=representation)


@pytest.mark.parametrize("kind", [DepthRepresentation.RELIEF, DepthRepresentation.RELATIVE_INVERSE])
def test_what_stands_still_changes_a_third_as_much_or_less(kind):
    steady, frames = Steady(), []
    for seed in range(12):
        frames.append(steady.add(picture(seed=seed), jittered(seed, kind)))
    own, shown = np.mean([[frame.own_change, frame.change] for frame in frames[1:]], axis=0)
    assert 0 < shown < own / 3
    last = frames[-1].depth
    truth = HEAD.values_hw[HEAD.mask_hw]
    fitted = np.polynomial.Polynomial.fit(last.values_hw[HEAD.mask_hw], truth, 1)
    assert np.abs(fitted(last.values_hw[HEAD.mask_hw]) - truth).mean() < 0.005  # nearer than one frame


def test_what_moves_is_followed_at_once_and_a_new_scene_begins_anew():
    steady = Steady()
    steady.add(picture(), HEAD)
    moved = np.zeros(SIZE, bool)
    moved[60:80, 30:50] = True
    rgb = np.where(moved[..., None], picture().rgb_hwc ^ 128, picture().rgb_hwc)
    nearer = replace(HEAD, values_hw=np.where(moved, HEAD.values_hw + np.float32(0.1), HEAD.values_hw))
    shown = steady.add(replace(picture(), rgb_hwc=rgb), nearer).depth
    inner = np.s_[63:77, 33:47]
    assert shown.values_hw[inner] == pytest.approx(nearer.values_hw[inner], abs=1e-3)
    other = replace(HEAD, values_hw=np.roll(HEAD.values_hw, 20, axis=1))
    cut = steady.add(replace(picture(), rgb_hwc=rgb ^ 128), other)
    assert cut.change is None and cut.depth is other


def shifted(layer_hw, columns):
    """A layer moved to the right, with its edge repeated."""
    return np.roll(layer_hw, columns, axis=1)


def moved_head(seed, columns, noise=True):
    """A frame whose head has moved: its picture before an even wall, and the jittering depth of a network."""
    grain = np.random.default_rng(seed).normal(0, 1, TEXTURE.shape) if noise else 0
    rgb = np.where(HEAD.mask_hw[..., None], TEXTURE, 120.0)
    photo = Photo(np.clip(shifted(rgb, columns) + grain, 0, 255).astype(np.uint8), None, None, f"{seed:064d}")
    depth = jittered(seed)
    left, top, right, bottom = HEAD.faces[0].box_xyxy
    face = replace(HEAD.faces[0], box_xyxy=(left + columns, top, right + columns, bottom), eyes_xy=None)
    layers = {
        name: shifted(getattr(depth, name), columns)
        for name in ("values_hw", "back_hw", "mask_hw", "matte_hw", "uncertainty_hw")
        if getattr(depth, name) is not None
    }
    return photo, replace(depth, faces=(face,), thickness_uncertainty_hw=None, **layers)


def test_a_moving_head_does_not_flicker():
    """Its shape and its distance change by less than half of what the network's own do, and stay true."""
    steady, own, shown = Steady(), [], []
    columns = [round(6 * np.sin(frame / 3)) for frame in range(14)]
    for frame, at in enumerate(columns):
        photo, depth = moved_head(frame, at)
        found = steady.add(photo, depth)
        assert found.numbers == (1,)
        own.append(shifted(depth.values_hw, -at))
        shown.append(shifted(found.depth.values_hw, -at))
    inner = cv2.erode(HEAD.mask_hw.astype(np.uint8), np.ones((9, 9))).astype(bool)

    def flicker(films):
        return np.mean([np.abs(b - a)[inner].mean() for a, b in pairwise(films[4:])])

    assert flicker(shown) < 0.5 * flicker(own)
    late = shown[-1][inner] - np.median(shown[-1][inner])
    truth = HEAD.values_hw[inner] - np.median(HEAD.values_hw[inner])
    assert np.abs(late - truth).mean() < 0.01


def test_a_head_that_comes_nearer_is_followed():
    """By a quarter of the rest from frame to frame."""
    steady = Steady()
    steady.add(*moved_head(0, 0, noise=False))
    nearer = np.float32(0.2)
    for frame in range(1, 13):
        photo, depth = moved_head(0, 3 * (frame % 3), noise=False)
        depth = replace(depth, values_hw=depth.values_hw + nearer * depth.mask_hw, back_hw=None)
        found = steady.add(photo, depth)
    inner = cv2.erode(depth.mask_hw.astype(np.uint8), np.ones((9, 9))).astype(bool)
    assert np.abs(found.depth.values_hw - depth.values_hw)[inner].mean() < 0.03


def test_what_is_beside_the_foreground_need_not_be_finite():
    def holed(rows):
        mask = HEAD.mask_hw.copy()
        mask[rows] = False
        values = np.where(mask, HEAD.values_hw, np.float32(np.nan))
        return replace(HEAD, values_hw=values, back_hw=None, mask_hw=mask)

    steady = Steady()
    steady.add(picture(), holed(np.s_[40:50]))
    shown = steady.add(picture(seed=1), holed(np.s_[60:70])).depth
    assert shown.values_hw[HEAD.mask_hw & (np.indices(SIZE)[0] < 60)] == pytest.approx(
        HEAD.values_hw[HEAD.mask_hw & (np.indices(SIZE)[0] < 60)], abs=1e-6
    )


class FilmOf:
    """A film of given frames in place of a file."""

    def __init__(self, photos):
        self.photos, self.name = photos, "talk.mp4"

    def frames(self, every, tell):
        for number, photo in enumerate(self.photos):
            if number % every == 0:
                yield Frame(number, number / 25, photo)


def test_a_frame_is_judged_and_compared_as_the_network_saw_it():
    """Turned: its depth map has other proportions than the frame."""
    photos = [picture(seed=seed).turned(270) for seed in range(3)]
    film = depth_film(FilmOf(photos), lambda photo: (photo.turned(90), HEAD))
    assert film.photo is photos[film.number] and film.change == 0


def test_the_sharpest_frame_is_the_models():
    blurred = replace(picture(), rgb_hwc=cv2.GaussianBlur(picture().rgb_hwc, (0, 0), 4))
    photos = [blurred, blurred, picture(seed=2), blurred]
    done = []

    def predict(photo):
        return photo, jittered(len(done))

    film = depth_film(FilmOf(photos), predict, tell=done.append)
    assert film.number == 2 and film.photo is photos[2]
    assert done == [1, 2, 3, 4] and film.frames == 4
    assert film.report()["model_from_second"] == 0.08
    assert depth_film(FilmOf(photos), predict, every=2).frames == 2


def test_a_frame_without_a_face_is_the_last_choice():
    assert suitability(picture(), replace(HEAD, faces=())) == 0 < suitability(picture(), HEAD)


def test_without_a_face_the_frame_with_the_most_of_a_person_is_the_models():
    """Not a first one that is damaged."""
    nothing = replace(HEAD, faces=(), mask_hw=np.zeros(SIZE, bool))
    maps = iter((nothing, replace(HEAD, faces=()), nothing))
    film = depth_film(FilmOf([picture()] * 3), lambda photo: (photo, next(maps)))
    assert film.number == 1 and film.seen[1].mask_hw.any()


def test_a_frame_is_judged_by_the_face_that_is_asked_for():
    """In the first frame there is no second one."""
    two = replace(HEAD, faces=(HEAD.faces[0], Face((1.0, 1.0, 12.0, 14.0), None)))
    for face, number in ((1, 0), (2, 1)):
        maps = iter((HEAD, two))
        film = depth_film(FilmOf([picture()] * 2), lambda photo, of=maps: (photo, next(of)), face=face)
        assert film.number == number
    assert suitability(picture(), HEAD, 2) == 0 < suitability(picture(), two, 2)


def test_the_model_is_of_the_head_that_was_asked_for_though_another_grows_larger():
    """The network's order is by size: the second head of the first frame is the first of the others."""
    first, second = HEAD.faces[0], Face((1.0, 1.0, 12.0, 14.0), None)
    turned = [replace(HEAD, faces=faces) for faces in ((first, second), (second, first), (second, first))]
    for number, chosen in ((1, first), (2, second)):
        maps = iter(turned)
        film = depth_film(FilmOf([picture()] * 3), lambda photo, of=maps: (photo, next(of)), face=number)
        assert film.seen[1].faces[film.face - 1] is chosen and film.head == number


def test_a_film_without_a_person_is_one_sentence():
    empty = replace(HEAD, mask_hw=np.zeros(SIZE, bool), faces=())
    with pytest.raises(VideoError, match=r"No frame of talk.mp4 shows a person\. Choose another video\."):
        depth_film(FilmOf([picture()]), lambda photo: (photo, empty))


@pytest.fixture
def three(tmp_path):
    """Three coded frames, of odd size, and what they hold."""
    span, frames, held = Range.of(HEAD), Frames(tmp_path), []
    for number, shift in enumerate((0.0, 0.02, 0.04)):
        moved = replace(HEAD, values_hw=HEAD.values_hw + np.float32(shift), back_hw=None)
        held.append(span.coded(moved)[:-1, :-1])
        frames.add(held[-1], number * 0.04 + (number > 1))
    return frames, held, span


def test_the_16_bits_are_lossless_and_keep_their_times(three):
    av = pytest.importorskip("av")
    frames, held, span = three
    ending, data = film_16bit(frames, "talk")
    assert ending == ".mkv"
    data = marked(data, ending)
    with av.open(io.BytesIO(data)) as film:
        decoded = [(frame.to_ndarray(), frame.time) for frame in film.decode(video=0)]
    assert [seconds for _, seconds in decoded] == pytest.approx([0, 0.04, 1.08], abs=2e-3)
    assert all((a == b).all() for (a, _), b in zip(decoded, held, strict=True))
    back = span.low + (held[0].astype(float) - 1) / 65534 * (span.high - span.low)
    mask = HEAD.mask_hw[:-1, :-1]
    assert back[mask] == pytest.approx(HEAD.values_hw[:-1, :-1][mask], abs=2e-5)
    assert (held[0][~mask] == 0).all()


@pytest.mark.parametrize("with_pyav", [True, False])
def test_the_8_bits_play_in_opencv(three, with_pyav, monkeypatch, tmp_path):
    if with_pyav:
        pytest.importorskip("av")
    monkeypatch.setattr(films, "has_pyav", lambda: with_pyav)
    frames, held, _ = three
    path = tmp_path / "depth.mp4"
    path.write_bytes(marked(film_8bit(frames), path.name))
    film = cv2.VideoCapture(str(path))
    pictures = []
    while (read := film.read())[0]:
        pictures.append(read[1])
    assert len(pictures) == 3 and pictures[0].shape == (96, 80, 3)
    codes, seen = held[1].astype(float), pictures[1][:-1, :-1, 0].astype(float)
    assert np.corrcoef(codes[codes > 0], seen[codes > 0])[0, 1] > 0.98
    assert seen[codes == 0].mean() < 12


def test_without_pyav_the_16_bits_are_png_files(three, monkeypatch):
    monkeypatch.setattr(films, "has_pyav", lambda: False)
    frames, held, _ = three
    ending, data = film_16bit(frames, "my talk")
    assert ending == ".zip"
    for info in zipfile.ZipFile(io.BytesIO(data)).infolist():
        assert info.date_time == (1980, 1, 1, 0, 0, 0)  # the first that a zip can have
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert all(name.startswith(f"{safe_name('my talk')}_0") for name in archive.namelist())
        for name, coded in zip(sorted(archive.namelist()), held, strict=True):
            assert (
                cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_UNCHANGED) == coded
            ).all()


def test_a_full_temporary_folder_is_one_sentence(three, monkeypatch):
    resource = pytest.importorskip("resource")
    frames, held, _ = three
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(films, "has_pyav", lambda: False)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        for write in (lambda: frames.add(held[0], 9), lambda: film_8bit(frames)):
            with pytest.raises(ExportError, match=r"no room for a video's frames in .*TMPDIR\."):
                write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
