"""Frames of video files as they are: uneven in time, broken off, without a picture."""

import struct
import wave
from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest

from face3d.errors import VideoError
from face3d.video import frames
from face3d.video.frames import open_film

av = pytest.importorskip("av", reason="PyAV writes the files of these tests")
TIMES = 0.0, 0.04, 0.08, 0.5, 0.54, 1.2
HEIGHT, WIDTH = 48, 64


def picture(number):
    """A grey that tells the frame, brighter on the left."""
    grey = np.full((HEIGHT, WIDTH, 3), 20 + 30 * number, np.uint8)
    grey[:, : WIDTH // 2] += 40
    return grey


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """A file of six frames at uneven times."""
    path = tmp_path_factory.mktemp("film") / "uneven.mp4"
    return film_of([picture(number) for number in range(len(TIMES))], TIMES, path)


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """A file of a second, 25 frames of noise."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("film") / "second.mp4"
    pictures = rng.integers(0, 255, (25, HEIGHT, WIDTH, 3), np.uint8)
    return film_of(pictures, [number / 25 for number in range(25)], path)


def film_of(pictures, times, path):
    """A file of pictures at their times."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", options={"crf": "8", "g": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90_000)
        for rgb_hwc, seconds in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(rgb_hwc, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = round(seconds * 90_000), Fraction(1, 90_000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def test_frames_come_at_the_times_of_the_file(uneven):
    found = list(open_film(uneven).frames())
    assert [frame.number for frame in found] == list(range(6))
    assert [frame.seconds for frame in found] == pytest.approx(TIMES, abs=1e-3)
    for frame in found:
        seen, true = frame.photo.rgb_hwc.astype(float), picture(frame.number)
        assert np.abs(seen - true)[:, 4:28].mean() < 6 and frame.photo.size_hw == (HEIGHT, WIDTH)
    assert len({frame.photo.sha256 for frame in found}) == 6


def test_every_second_frame(uneven):
    assert [frame.number for frame in open_film(uneven).frames(2)] == [0, 2, 4]


def test_one_frame_of_the_bytes_of_a_file(uneven):
    film = open_film(uneven.read_bytes(), "talk.mp4")
    assert film.count == 6 and film.digest == open_film(uneven).digest
    for frame in film.frames():
        assert (film.photo_at(frame.number).rgb_hwc == frame.photo.rgb_hwc).all()
        assert film.photo_at(frame.number).sha256 == frame.photo.sha256
    assert film.photo_at(8).sha256 == film.photo_at(5).sha256  # the last one


def remuxed(source, target, **options):
    """The same packets in another container."""
    with av.open(str(source)) as film, av.open(str(target), "w", options=options) as other:
        stream = other.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                other.mux(packet)
    return target


def told(film, every=1):
    """The numbers of the frames, and what is said at the end."""
    said = []
    return [frame.number for frame in film.frames(every, said.append)], said


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_a_file_that_breaks_off_ends_there_and_says_so(second, tmp_path, ending):
    options = {} if ending == "mkv" else {"movflags": "faststart"}
    broken = remuxed(second, tmp_path / f"broken.{ending}", **options)
    assert told(open_film(broken)) == (list(range(25)), [])
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 3])
    numbers, (said,) = told(open_film(broken))
    assert 4 <= len(numbers) < 12 and numbers == list(range(len(numbers)))
    assert said == (
        f"broken.{ending} breaks off after frame {numbers[-1]}, at 0:0{numbers[-1] / 25:.1f} of 0:01.0; "
        "its film ends there. Copy it again from where it came from."
    )


def test_a_file_with_damage_in_the_middle_gives_frames_or_says_where_it_ends(second, tmp_path):
    data = bytearray(remuxed(second, tmp_path / "a.mkv").read_bytes())
    for at in range(len(data) // 4, len(data) * 9 // 10, len(data) // 12):
        damaged = data.copy()
        damaged[at : at + 400] = bytes(400)
        numbers, said = told(open_film(bytes(damaged), "a.mkv"))
        assert numbers == list(range(len(numbers))) and len(numbers) >= 3
        assert len(numbers) > 10 or said[0].startswith(f"a.mkv breaks off after frame {numbers[-1]}, at 0:0")


def test_a_film_of_too_many_frames_says_where_it_is_cut(uneven, monkeypatch):
    monkeypatch.setattr(frames, "MOST_FRAMES", 4)
    film = open_film(uneven)
    assert (film.count, film.is_longer) == (4, True)
    assert told(film) == (
        [0, 1, 2, 3],
        [
            "uneven.mp4 has more than 4 frames; its film ends there, at 0:00.5. Cut it, or take fewer of its "
            "frames by --every 2."
        ],
    )
    assert told(film, 2) == ([0, 2, 4], [])
    monkeypatch.setattr(frames, "MOST_FRAMES", 6)
    assert told(open_film(uneven)) == (list(range(6)), []) and not open_film(uneven).is_longer


def test_a_file_that_states_no_length_as_browsers_record_is_counted(uneven, tmp_path, monkeypatch):
    live = remuxed(uneven, tmp_path / "live.mkv", live="1")
    film = open_film(live)
    assert (film.count, film.seconds) == (6, None)
    assert told(film) == (list(range(6)), [])
    monkeypatch.setattr(frames, "MOST_FRAMES", 3)
    film = open_film(live)
    assert (film.count, film.is_longer) == (3, True)


def test_a_file_that_claims_no_end_ends_with_its_frames(uneven, tmp_path):
    """Of a count of frames that cannot be, as in a damaged or made header, nothing is made ready."""
    data = bytearray(uneven.read_bytes())
    at = data.index(b"stsz") + 12
    assert int.from_bytes(data[at : at + 4], "big") == 6
    data[at : at + 4] = (2**31 - 1).to_bytes(4, "big")
    with suppress(VideoError):
        film = open_film(bytes(data), "endless.mp4")
        assert film.count <= frames.MOST_FRAMES
        assert len(told(film)[0]) <= 6


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_film_is_upright_as_its_file_says(uneven, quarters):
    """By the display matrix of the track header (ISO/IEC 14496-12), clockwise."""
    data = bytearray(uneven.read_bytes())
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters]
    matrix = [cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30]
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", *matrix)
    film, whole = open_film(bytes(data), "phone.mp4"), open_film(uneven)
    for photo, upright in (
        (next(film.frames()).photo, next(whole.frames()).photo),
        (film.photo_at(3), whole.photo_at(3)),
    ):
        assert np.array_equal(photo.rgb_hwc, np.rot90(upright.rgb_hwc, -quarters))


def sound(path):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))


def sound_as_video(path):
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("aac", rate=8000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        film.mux(stream.encode(frame))
        film.mux(stream.encode(None))


def nothing(path):
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("libx264")
        stream.width, stream.height = WIDTH, HEIGHT
        film.start_encoding()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(bytes(range(256)) * 40), id="noise"),
        pytest.param(lambda path: path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(2000)), id="a head alone"),
        pytest.param(sound, id="sound only"),
        pytest.param(sound_as_video, id="a film with sound only"),
        pytest.param(nothing, id="no frame"),
    ],
)
def test_a_file_without_a_frame_is_one_sentence(make, tmp_path, capfd):
    path = tmp_path / "talk.mp4"
    make(path)
    with pytest.raises(VideoError, match=r"^talk.mp4 has no frame that can be decoded\. Choose an MP4"):
        open_film(path)
    assert capfd.readouterr().err == ""


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(VideoError, match=r"talk.mp4 cannot be read"):
        open_film(tmp_path / "talk.mp4")
