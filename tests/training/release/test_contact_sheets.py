"""Laws of the contact sheets."""

import cv2
import numpy as np
import pytest

from face3d.depth.face.network import load_face_network
from training.release import contact_sheets


def test_every_transform_gives_the_place_of_the_plain_crop():
    made = contact_sheets.photo_transforms()
    plain = made["plain"][0].astype(np.float32).mean(-1)
    for name, (picture, to_picture) in made.items():
        back = cv2.invertAffineTransform(to_picture)
        again = cv2.warpAffine(picture.astype(np.float32).mean(-1), back, plain.shape[::-1], borderValue=-1)
        inside = cv2.erode((again >= 0).astype(np.uint8), np.ones((5, 5), np.uint8))[20:200, 60:240] > 0
        correlation = np.corrcoef(again[20:200, 60:240][inside], plain[20:200, 60:240][inside])[0, 1]
        assert correlation > 0.9, name


@pytest.mark.slow
def test_one_photograph_keeps_its_relief_under_every_transform():
    """Crops, sizes, turns, grey, dark and the mirror; the golden value is the map of the plain crop."""
    found, _ = contact_sheets.stability(
        load_face_network(contact_sheets.Path("assets/face_depth.safetensors"))
    )
    assert len(found) == 12
    assert min(found.values()) > 0.98


def test_the_sheets_are_filled_up_to_whole_rows():
    sheet = contact_sheets.tile_grid([np.full((4, 6, 3), 9, np.uint8)] * 5, 3)
    assert sheet.shape == (8, 18, 3)
    assert (sheet[:4] == 9).all()
    assert not sheet[4:, 12:].any()


def test_the_gallery_shows_the_worst_and_not_only_two_people():
    errors = [float(number) for number in range(40)]
    chosen = contact_sheets.worst(errors, [number >= 20 for number in range(40)])
    assert chosen == [39, 38, 37, 36, 19, 18, 17, 16, 15, 14, 13, 12]
    assert contact_sheets.worst(errors, [False] * 40) == list(range(39, 27, -1))
