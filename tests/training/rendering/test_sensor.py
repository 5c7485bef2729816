"""Laws of lens, sensor and file."""

import math

import cv2
import numpy as np
import pytest

from training.rendering import sensor

CHECKS = np.add.outer(np.arange(192) // 8, np.arange(192) // 8) % 2


CRISP = np.dstack([0.05 + 0.3 * CHECKS, 0.1 + 0.3 * CHECKS, 0.15 + 0.3 * CHECKS])


def developed(monkeypatch, *names, count=12):
    """`CRISP` as it comes out with just these names, for several seeds: (count, 192, 192, 3)."""
    for name in sensor.CHANCE:
        monkeypatch.setitem(sensor.CHANCE, name, float(name in names))
    drawn = [sensor.develop(CRISP, np.random.default_rng(seed)) for seed in range(count)]
    assert all(has == set(names) for _, has in drawn)
    assert all(pixels.shape == CRISP.shape and pixels.dtype == np.uint8 for pixels, _ in drawn)
    return np.array([pixels for pixels, _ in drawn]).astype(float)


def sharpness(pixels):
    """Rise at the edges of the checks over their contrast, in the mean of many pictures."""
    mean = pixels.mean((0, 3))
    columns = np.arange(16, 176, 8)
    return np.abs(mean[:, columns] - mean[:, columns - 1]).mean() / (
        mean[CHECKS > 0].mean() - mean[CHECKS == 0].mean()
    )


def test_each_thing_that_lens_sensor_and_file_do_is_seen(monkeypatch):
    clean = developed(monkeypatch)
    assert developed(monkeypatch, "under-exposed").mean() < 0.75 * clean.mean()
    assert developed(monkeypatch, "over-exposed").mean() > 1.15 * clean.mean()
    vignette = developed(monkeypatch, "vignette")
    ratio = [one[:, :16, :16].mean() / one[:, 88:104, 88:104].mean() for one in (vignette, clean)]
    assert ratio[0] < 0.9 * ratio[1]
    for name in ("defocus", "motion blur", "enlarged"):
        assert sharpness(developed(monkeypatch, name)) < 0.9 * sharpness(clean), name
    assert sharpness(developed(monkeypatch, "sharpened")) > 1.1 * sharpness(clean)
    for name, grey in (("grey", True), ("sepia", False)):
        red, green, blue = np.moveaxis(developed(monkeypatch, name), -1, 0)
        if grey:
            assert np.array_equal(red, green)
            assert np.array_equal(green, blue)
        else:
            assert (red >= green).all()
            assert (green >= blue).all()
            assert red.mean() > 1.2 * blue.mean()
    monkeypatch.undo()
    noise = [np.random.default_rng(seed) for seed in range(40)]
    flat = np.array(
        [
            sensor.develop(np.full((32, 32, 3), 0.2), rng)[0].astype(float).std(axis=(0, 1)).mean()
            for rng in noise
        ]
    )
    assert np.quantile(flat, 0.9) > 3 * max(np.quantile(flat, 0.1), 0.3), "from clean to noisy"


@pytest.mark.parametrize("name", ["JPEG", "WebP"])
def test_compressed_pictures_have_been_through_a_file(name, monkeypatch):
    """What the decoder gives differs from what went in, and less so for a better quality."""
    ending, flag = sensor.FILES[name]
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 1.5)
    poor, good = (
        np.abs(sensor.compressed(pixels, ending, flag, quality).astype(float) - pixels).mean()
        for quality in (30, 94)
    )
    assert 0 < good < 0.7 * poor
    assert developed(monkeypatch, name).std() > 0


def test_lens_sensor_and_file_do_each_thing_as_often_as_promised():
    small = np.full((32, 32, 3), 0.3)
    drawn = [sensor.develop(small, np.random.default_rng(seed))[1] for seed in range(800)]
    for name, chance in sensor.CHANCE.items():
        found = sum(name in has for has in drawn)
        assert abs(found - 800 * chance) < 4 * math.sqrt(800 * chance), name
    exclusive = [
        tuple(sensor.BLURS),
        tuple(sensor.FILES),
        ("grey", "sepia"),
        ("under-exposed", "over-exposed"),
    ]
    assert all(len(has.intersection(names)) <= 1 for has in drawn for names in exclusive)
