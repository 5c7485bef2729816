"""Laws of the options about depth: what excludes what, said before any work."""

import argparse
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from depth_files import npy, png

from face3d.batch.depth_options import add_depth_options, check_depth_options, kept_files, own_depth
from face3d.errors import DepthError
from face3d.structures import DepthRepresentation

PHOTO = Path("me.jpg")
LEVELS_HW = np.arange(32 * 40, dtype=np.uint16).reshape(32, 40)


def options_of(*arguments):
    parser = argparse.ArgumentParser()
    add_depth_options(parser)
    return parser.parse_args([str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("arguments", "photos", "said"),
    [
        (["--depth-meaning", "metric"], 1, "Add --depth-map FILE"),
        (["--depth-range", "0", "1"], 1, "Add --depth-map FILE"),
        (["--depth-map", "a.png", "--network", "midas_v21_small_256"], 1, "Leave out --network"),
        (["--depth-map", "embedded", "--checkpoint", "a.pt"], 1, "Leave out --network"),
        (["--depth-map", "embedded", "--depth-meaning", "metric"], 1, "Leave out --depth-meaning"),
        (["--depth-map", "a.png"], 2, "Name one photo"),
        (["--depth-map", "a.png", "--quality", "best"], 1, "--quality best is of the bundled network"),
        (["--network", "glpn_nyu", "--quality", "best"], 1, "--quality best is of the bundled network"),
    ],
)
def test_options_that_exclude_each_other_are_refused(arguments, photos, said):
    with pytest.raises(DepthError, match=said):
        check_depth_options(options_of(*arguments), [PHOTO] * photos)


def test_options_that_fit_are_taken():
    for arguments in ([], ["--quality", "best"], ["--network", "glpn_nyu"], ["--depth-map", "embedded"]):
        check_depth_options(options_of(*arguments), [PHOTO] * 2)
    check_depth_options(options_of("--depth-map", "a.png", "--depth-meaning", "inverse"), [PHOTO])


def test_without_a_depth_map_a_network_computes_it():
    assert own_depth(PHOTO, "", options_of()) is None and kept_files(options_of()) == []


def test_the_file_is_read_by_its_meaning_and_range(tmp_path):
    path = tmp_path / "depth.png"
    path.write_bytes(png(LEVELS_HW))
    options = options_of("--depth-map", path, "--depth-meaning", "metric", "--depth-range", "0", "65.535")
    own = own_depth(PHOTO, "", options)
    assert own.representation is DepthRepresentation.METRIC and kept_files(options) == [path]
    assert np.nanmax(own.values_hw) == pytest.approx(LEVELS_HW.max() / 1000)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DepthError, match=r"absent\.npy cannot be read: No such file"):
        own_depth(PHOTO, "", options_of("--depth-map", tmp_path / "absent.npy"))
    photo = tmp_path / "me.jpg"
    photo.write_bytes(npy(LEVELS_HW))
    with pytest.raises(DepthError, match=r"me\.jpg has no depth map inside"):
        own_depth(photo, sha256(photo.read_bytes()).hexdigest(), options_of("--depth-map", "embedded"))
    with pytest.raises(DepthError, match=r"me\.jpg changed while it was read\. Convert it again\."):
        own_depth(photo, sha256(b"as it was").hexdigest(), options_of("--depth-map", "embedded"))
