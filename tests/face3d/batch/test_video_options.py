"""Videos on the command line."""

import argparse
import json
import os
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
import stand_in
from PIL import Image

import convert
import depth_estimation
from face3d.batch.video_options import video_of
from face3d.errors import VideoError
from face3d.video.frames import open_film

SIZE = 96, 80


@pytest.fixture
def talk(tmp_path):
    """A video of six frames of noise, in VP9 by OpenCV."""
    path = tmp_path / "talk.mp4"
    film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"vp09"), 10, SIZE[::-1])
    frame = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    for _ in range(6):
        film.write(frame)
    film.release()
    return path


@pytest.mark.usefixtures("network")
def test_a_video_gives_its_depth_films_and_a_model_of_one_frame(talk, tmp_path):
    out = tmp_path / "out"
    turned = ["--rotate", "90", "--crop", "0", "0", "90", "72"]
    assert convert.main([str(talk), "-o", str(out), "--every", "2", "--faces", "3000", *turned]) == 0
    names = {path.name for path in out.iterdir()}
    assert {"talk_depth.mp4", "talk_depth.png", "talk_bust.glb", "talk_bust_report.json"} <= names
    assert any(name.startswith("talk_depth16.") and not name.endswith("png") for name in names)
    figures = json.loads((out / "talk_bust_report.json").read_text())["video"]
    assert figures["frames"] == 3 and figures["model_from_frame"] in (0, 2, 4)
    film, count = cv2.VideoCapture(str(out / "talk_depth.mp4")), 0
    while film.read()[0]:
        count += 1
    assert count == 3


@pytest.mark.usefixtures("network")
def test_no_frame_of_a_video_is_predicted_twice(talk, tmp_path, monkeypatch):
    seen = []

    def predict(network, photo):
        seen.append(photo.sha256)
        return stand_in.predict(network, photo)

    monkeypatch.setattr(depth_estimation, "predict", predict)
    quick = ["--every", "2", "--model", "shell", "--faces", "500"]
    assert convert.main([str(talk), "-o", str(tmp_path / "out"), *quick]) == 0
    assert len(seen) == len(set(seen)) == 3


@pytest.mark.usefixtures("network")
def test_one_frame_of_a_video_is_a_photo(talk, tmp_path, capsys):
    out, line = tmp_path / "out", tmp_path / "run.jsonl"
    quick = ["--model", "shell", "--faces", "500", "-o", str(out), "--manifest", str(line)]
    mask = tmp_path / "mask.png"
    Image.fromarray(np.full(SIZE, 255, np.uint8)).save(mask)
    assert convert.main([str(talk), "--frame", "4", "--mask", str(mask), *quick]) == 0
    assert not list(out.glob("*.m*")) and (out / "talk_frame4_shell.glb").exists()
    assert json.loads(line.read_text())["sha256"] == open_film(talk).digest
    assert convert.main([str(talk), "--frame", "4", "--mask", str(mask), "--resume", *quick]) == 0
    assert "1 of 1 photos were done already." in capsys.readouterr().err
    assert convert.main([str(talk), "--frame", "99", *quick]) == 1
    assert convert.main([str(talk), "--frame", "1", "--every", "2", *quick]) == 1
    said = capsys.readouterr().err
    assert "talk.mp4 breaks off before that frame." in said and "--every takes many" in said


@pytest.mark.usefixtures("network")
def test_a_video_named_as_an_output_is_a_video_and_is_kept(talk, tmp_path, monkeypatch, capsys):
    """And the film of an earlier run of that name is an output, and is replaced."""
    monkeypatch.chdir(tmp_path)
    own = talk.rename("talk_depth.mp4")
    before = shutil.copy(own, "talk.mp4") and own.read_bytes()
    quick = ["-o", ".", "--every", "6", "--model", "shell", "--faces", "500"]
    assert convert.main(["talk.mp4", "talk_depth.mp4", *quick]) == 0
    assert own.read_bytes() == before and "passed over" not in capsys.readouterr().err
    names = {path.name for path in tmp_path.iterdir()}
    films = {"talk_2_depth.mp4", "talk_depth_depth.mp4"}
    assert films <= names
    assert convert.main([*sorted(map(str, tmp_path.glob("*.mp4"))), *quick]) == 0
    assert {path.name for path in tmp_path.iterdir()} == names
    assert ", ".join(sorted(films)) in capsys.readouterr().err


@pytest.mark.usefixtures("network")
def test_all_frames_of_a_video_that_is_upside_down_are_turned(tmp_path, monkeypatch, capsys):
    """Not the frame of the model alone. Upright, its upper half is the light one."""
    path = tmp_path / "talk.mp4"
    frame = np.random.default_rng(0).integers(0, 90, (*SIZE, 3), np.uint8)
    frame[SIZE[0] // 2 :] += 150
    film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"vp09"), 10, SIZE[::-1])
    for _ in range(2):
        film.write(frame)
    film.release()

    def is_upright(photo):
        upper, lower = np.split(photo.rgb_hwc, 2)
        return upper.mean() > lower.mean()

    def predict(network, photo):
        depth = stand_in.predict(network, photo)
        top = np.arange(SIZE[0])[:, None] < SIZE[0] // 2  # the film shows which way a frame was
        return replace(depth, mask_hw=depth.mask_hw & top) if is_upright(photo) else replace(depth, faces=())

    monkeypatch.setattr(depth_estimation, "predict", predict)
    monkeypatch.setattr(depth_estimation, "find_turn", lambda _, photo: 0 if is_upright(photo) else 180)
    quick = ["--model", "shell", "--faces", "500"]
    assert convert.main([str(path), "-o", str(tmp_path / "out"), "--rotate", "auto", *quick]) == 0
    assert "turned clockwise by 180 degrees" in capsys.readouterr().err
    made = cv2.VideoCapture(str(tmp_path / "out" / "talk_depth.mp4")).read()[1].astype(float)
    upper, lower = np.split(made, 2)
    assert upper.mean() > 20 and lower.mean() < 2


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("option", ["--mask", "--hidden"])
def test_an_option_of_one_picture_is_refused_before_any_work(option, talk, tmp_path, photo_file, capsys):
    mask = photo_file(tmp_path / "mask.jpg")
    assert convert.main([str(talk), "-o", str(tmp_path / "out"), option, str(mask)]) == 1
    assert f"{option} belongs to one picture, and talk.mp4 is a video." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("network")
def test_a_video_that_cannot_be_read_does_not_stop_the_photos(tmp_path, photo_file, capsys):
    broken = tmp_path / "broken.mov"
    broken.write_bytes(b"\0\0\0\x18ftypqt  " + bytes(500))
    photo, out = photo_file(tmp_path / "a.jpg"), tmp_path / "out"
    assert convert.main([str(broken), str(photo), "-o", str(out), "--faces", "3000"]) == 1
    os.mkfifo(tmp_path / "pipe.mp4")
    assert convert.main([str(tmp_path / "pipe.mp4"), "-o", str(out)]) == 1
    said = capsys.readouterr().err
    assert "broken.mov has no frame that can be decoded." in said and "pipe.mp4 is no file." in said
    assert (out / "a_bust.glb").exists() and not list(out.glob("broken*"))


def test_a_video_that_is_another_one_meanwhile_is_refused(talk):
    options = argparse.Namespace(every=3, face=1)

    def predict_and_replace(photo):
        talk.write_bytes(b"another video")
        return photo, stand_in.predict(None, photo)

    with pytest.raises(VideoError, match=r"talk\.mp4 changed while it was read\. Convert it again\."):
        video_of(talk, predict_and_replace, options, lambda _: None)
