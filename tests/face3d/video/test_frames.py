"""Frames of video files as they are: uneven in time, broken off, without a picture."""

import wave
from fractions import Fraction

import numpy as np
import pytest

from face3d.errors import VideoError
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
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", options={"crf": "8", "g": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90_000)
        for number, seconds in enumerate(TIMES):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = round(seconds * 90_000), Fraction(1, 90_000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def test_frames_come_at_the_times_of_the_file(uneven):
    frames = list(open_film(uneven).frames())
    assert [frame.number for frame in frames] == list(range(6))
    assert [frame.seconds for frame in frames] == pytest.approx(TIMES, abs=1e-3)
    for frame in frames:
        seen, true = frame.photo.rgb_hwc.astype(float), picture(frame.number)
        assert np.abs(seen - true)[:, 4:28].mean() < 6 and frame.photo.size_hw == (HEIGHT, WIDTH)
    assert len({frame.photo.sha256 for frame in frames}) == 6


def test_every_second_frame(uneven):
    assert [frame.number for frame in open_film(uneven).frames(2)] == [0, 2, 4]


def test_one_frame_of_the_bytes_of_a_file(uneven):
    film = open_film(uneven.read_bytes(), "talk.mp4")
    assert film.count == 6 and film.digest == open_film(uneven).digest
    for frame in film.frames():
        assert (film.photo_at(frame.number).rgb_hwc == frame.photo.rgb_hwc).all()
        assert film.photo_at(frame.number).sha256 == frame.photo.sha256
    assert film.photo_at(8).sha256 == film.photo_at(5).sha256  # the last one


def test_a_file_that_breaks_off_ends_there(uneven, tmp_path):
    broken = tmp_path / "broken.mkv"
    with av.open(str(uneven)) as source, av.open(str(broken), "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size * 9 // 10])
    assert 1 <= len(list(open_film(broken).frames())) < 6


def sound(path):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))


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
