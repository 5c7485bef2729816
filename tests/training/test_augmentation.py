"""Laws of the augmented views."""

import itertools

import cv2
import numpy as np
import pytest
import torch

from training import augmentation
from training.augmentation import HARD, RandomViews, random_view, resized
from training.dataset import GROUPS, SHARD, record_dtype
from training.evaluation import ablation


@pytest.mark.parametrize("side", [41, 50, 64, 81, 111, 150])
def test_resampled_truth_keeps_slopes_places_and_jumps(side):
    """A slanted plane whose back jumps half-way keeps slope, thickness and place at every size, unmixed."""
    columns, rows = np.meshgrid(np.arange(96) + 0.5, np.arange(96) + 0.5)
    maps = np.zeros((96, 96, 9), np.float32)
    inside = (np.abs(columns - 42) < 30) & (np.abs(rows - 54) < 33)
    maps[..., 0] = (0.8 * columns - 0.5 * rows + 60) / 192 * inside
    maps[..., 1], maps[..., 2] = np.where(rows < 50, 0.05, 0.1) * inside, inside
    skin = inside & (columns < 30)
    maps[..., 5], maps[..., 6], maps[..., 8] = columns / 96 * skin, (1 - rows / 96) * skin, skin
    small = resized(maps, side, 192)
    seen = small[..., 2] > 0.5
    scale = 96 / side
    columns, rows = np.meshgrid((np.arange(side) + 0.5) * scale, (np.arange(side) + 0.5) * scale)
    inner = (np.abs(columns - 42) < 29) & (np.abs(rows - 54) < 32) & (np.abs(rows - 50) > 1)
    assert np.abs(small[..., 0] - (0.8 * columns - 0.5 * rows + 60) / 192)[inner].max() < 1e-6
    assert (
        np.abs(small[..., 0] - (0.8 * columns - 0.5 * rows + 60) / 192)[seen].max() < 1 / 192
    )  # at the edge the nearest pixel's
    assert not small[~seen, :2].any()
    assert np.abs(np.abs(small[seen, 1] - 0.075) - 0.025).max() < 1e-6
    assert ((small[..., 1] > 0.07) == (rows > 50))[inner].all()
    assert (columns[seen].mean(), rows[seen].mean()) == pytest.approx((42, 54), abs=0.4 * scale)
    assert seen.mean() == pytest.approx(60 * 66 / 96**2, rel=0.06)
    skin = small[..., 8] > 0
    assert not small[~skin, 5:8].any()
    on_neutral = np.stack([columns / 96, 1 - rows / 96], -1)
    assert np.abs(small[..., 5:7] - on_neutral)[skin & inner & (columns < 29)].max() < 1e-6
    assert np.abs(small[..., 5:7] - on_neutral)[skin].max() < 0.5 / 96 + 1e-6, (
        "at the edge the nearest pixel's"
    )


@pytest.mark.parametrize("middle", [(60, 50), (20, 80)])
def test_a_head_crop_lies_around_a_head(middle):
    record = np.zeros((), record_dtype(96))[()]
    record["heads"][1] = *middle, 24
    left, top, cut = np.transpose(
        [augmentation.head_crop(record, np.random.default_rng(seed)) for seed in range(200)]
    )
    assert cut.min() >= 1.6 * 24 - 1
    assert cut.max() <= 2.6 * 24 + 1
    assert np.ptp(cut) > 20
    assert (np.minimum(left, top) >= 0).all()
    assert (np.maximum(left, top) + cut <= 96).all()
    for start, place in ((left, middle[0]), (top, middle[1])):
        free = (start > 0) & (start + cut < 96)
        assert (np.abs(start + cut / 2 - place)[free] <= 0.08 * 2.6 * 24 + 1).all()
        assert ((start < place) & (place < start + cut)).all()
    record["heads"][1] = 0
    assert augmentation.head_crop(record, np.random.default_rng(0))[2] >= 0.6 * 96, "nobody in view"


def test_a_view_moves_picture_truth_and_eyes_alike(monkeypatch):
    """A plane keeps its slope in pixels in every view; dots on the eyes stay on them."""
    side = 96
    monkeypatch.setattr(augmentation, "recolour", lambda photo, _: photo)
    record = np.zeros((), record_dtype(side))[()]
    y, x = np.mgrid[:side, :side].astype(np.float32) + 0.5
    record["relief"], record["matte"] = (x + 2 * y) / side * 0.25, 255
    record["canonical"] = np.stack([x / side - 0.5, 0.5 - y / side, 0.4 + 0 * x], -1)
    record["canonical"][:, side // 2 :] = np.nan
    record["eyes"][:2], record["heads"][0] = [[30, 44, 1], [62, 50, 1]], [46, 50, 40]
    for colour, (column, row, _) in enumerate(record["eyes"][:2]):
        record["rgb"][..., colour] = 255 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / 18)
    flipped, shrunk = [], []
    for seed in range(60):
        photo, maps, eyes = random_view(record, side, np.random.default_rng(seed))
        person = cv2.erode((maps[2] > 0.5).astype(np.uint8), np.ones((3, 3)), borderValue=0) > 0
        down, across = np.gradient(maps[0] * side)
        shrunk.append((maps[2] < 0.5).any())
        flipped.append(np.median(across[person]) < 0)
        assert np.median(np.abs(across[person])) == pytest.approx(0.25, rel=0.02)
        assert np.median(down[person]) == pytest.approx(0.5, rel=0.02)
        skin = maps[8] > 0
        # The plane again: relief is known from canonical coordinates, whose x a mirrored head has on the
        # other side.
        where = skin & (cv2.erode(skin.astype(np.uint8), np.ones((5, 5)), borderValue=0) > 0)
        if where.sum() > 30:
            widths = np.linalg.lstsq(
                np.c_[maps[5:7, where].T, np.ones(where.sum())], maps[0, where], rcond=None
            )[0]
            assert widths[0] / widths[1] == pytest.approx(0.5 if flipped[-1] else -0.5, rel=0.05)
            assert (maps[5, where] > 0).all() if flipped[-1] else (maps[5, where] < 0).all()
            assert np.abs(maps[7, where] - 0.4).max() < 1e-3
        assert not maps[5:8, ~skin].any()
        for eye, colour in zip(eyes, (1, 0) if flipped[-1] else (0, 1), strict=False):
            if eye[2] and np.all(np.abs(eye[:2] - 0.5) < 0.42) and not shrunk[-1]:
                rows, columns = np.nonzero(photo[colour] > 0.5)
                assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(
                    tuple(eye[:2] * side), abs=0.6
                )
    assert 0.3 < np.mean(flipped) < 0.7
    assert 0.02 < np.mean(shrunk) < 0.3


def test_scenes_with_something_hard_in_them_are_trained_on_more_often(tmp_path):
    """One record in four is hard; of two draws one is, with 7 / 16: (1 / 4 + 7 / 16) / 2 of the views."""
    records = np.zeros(SHARD, record_dtype(32))
    records["has"][: SHARD // 4] = 1 << GROUPS.index(HARD[0])
    records["rgb"][: SHARD // 4] = 255
    np.save(tmp_path / "0.npy", records)
    views = itertools.islice(RandomViews(tmp_path, 32, seed=1), 1500)
    hard = np.mean([photo.mean() > 0.5 for photo, _, _ in views])
    assert hard == pytest.approx(11 / 32, abs=0.04)


def test_views_without_head_crops_are_large_crops(tmp_path):
    """Relief, in widths of the crop, gives the size of the crop."""
    assert ablation.variants()["no head crops"].head_crops == 0
    records = np.zeros(4, record_dtype(96))
    records["relief"], records["matte"], records["heads"][:, 0] = 0.25, 255, (48, 48, 10)
    np.save(tmp_path / "0.npy", records)

    def reliefs(**options):
        """Of each view that is not shrunk."""
        views = RandomViews(tmp_path, 32, seed=0, **options)
        maps = torch.stack([view[1] for view in itertools.islice(views, 24)])
        return maps[maps[:, 2].amin((1, 2)) > 0.5][:, 0].amax((1, 2))

    assert 0.2 < (reliefs() > 0.25 / 0.6).float().mean() < 0.8
    assert (reliefs(head_crops=0) < 0.25 / 0.6).all()
