"""The ground truth of samples agrees with itself."""

import math

import cv2
import numpy as np
import pytest
from face_model_file import needs_face_model

from training.rendering.camera import SceneCamera
from training.rendering.sample import CHANCE_OF_NOBODY, LANDMARK_DEPTH, in_view, render
from training.rendering.truth import truth
from training.scenes import skin
from training.scenes.face_model import LANDMARKS_68
from training.scenes.primitives import (
    LABEL_HEAD,
    LABEL_NARROW_FACE,
    LABEL_NOTHING,
    euler,
)


@pytest.fixture(scope="module")
def samples(people):
    return [render(*people, seed, 160) for seed in range(40, 64)]


@needs_face_model
def test_only_skin_of_a_head_has_canonical_coordinates_and_most_of_a_bare_face_has(samples):
    for sample in samples:
        skin_hw = ~np.isnan(sample.canonical_hwc).any(-1)
        assert (np.isnan(sample.canonical_hwc).all(-1) == ~skin_hw).all()
        assert not (skin_hw & (sample.label_hw == LABEL_NOTHING)).any()
    bare = [
        sample
        for sample in samples
        if not sample.has & {"nobody", "glasses", "mask", "hand", "microphone", "two people", "things"}
    ]
    face = np.concatenate(
        [~np.isnan(sample.canonical_hwc[sample.label_hw == LABEL_NARROW_FACE, 0]) for sample in bare]
    )
    assert face.mean() > 0.9


@needs_face_model
def test_the_stored_normals_are_those_of_the_stored_relief(samples):
    """Away from edges. The relief's own slopes are the golden value."""
    angles = []
    for sample in samples:
        relief = sample.relief_hw * len(sample.relief_hw)
        down, across = np.gradient(relief)
        slope = np.stack([-across, down, np.ones_like(relief)], -1)
        slope /= np.linalg.norm(slope, axis=-1, keepdims=True)
        stored = sample.normal_hwc / 127
        smooth = (np.hypot(down, across) < 0.7) & (
            cv2.erode((sample.label_hw > 0).astype(np.uint8), np.ones((5, 5))) > 0
        )
        assert np.allclose(np.linalg.norm(stored[sample.label_hw > 0], axis=-1), 1, atol=0.02)
        assert not stored[sample.label_hw == 0].any()
        angles.append(np.degrees(np.arccos(np.clip((slope * stored).sum(-1)[smooth], -1, 1))))
    assert np.median(np.concatenate(angles)) < 6, (
        "perspective and the polygons' edges account for a few degrees"
    )


@needs_face_model
def test_the_stored_head_is_where_the_label_is(samples):
    alone = [
        sample
        for sample in samples
        if "two people" not in sample.has and (sample.label_hw >= LABEL_HEAD).any()
    ]
    assert len(alone) > 10
    for sample in alone:
        columns = np.flatnonzero((sample.label_hw >= LABEL_HEAD).any(0))
        rows = np.flatnonzero((sample.label_hw >= LABEL_HEAD).any(1))
        x, y, width = sample.heads_23[0]
        assert width == columns[-1] + 1 - columns[0]
        assert x == (columns[0] + columns[-1] + 1) / 2
        assert y == (rows[0] + rows[-1] + 1) / 2
        assert not sample.heads_23[1].any()


@needs_face_model
def test_landmarks_behind_the_head_are_not_in_view(people):
    """In a profile the far eye and the far half of the jaw line are hidden; frontally nearly all shows."""

    model, regions = people
    head = skin.head_part(model, regions, model.neutral_v3, np.ones_like(model.neutral_v3))
    marks = model.neutral_v3[LANDMARKS_68]
    shown = {}
    for yaw in (0, 80):
        camera = SceneCamera(euler(yaw, 0, 0), 120.0, 36.0, (0.5, 0.5), yaw)
        away = truth(
            head, np.ones(len(head.triangles_m3), np.uint8), camera, camera.place(head.vertices_v3), 128
        ).distance_hw
        shown[yaw] = in_view(camera.project(camera.place(marks), 128), away, LANDMARK_DEPTH)[:, 2] > 0
    assert shown[0].mean() > 0.9
    near, far = slice(36, 42), slice(42, 48)
    assert shown[80][near].sum() >= 4
    assert not shown[80][far].any()
    assert shown[80][0:8].all()
    assert not shown[80][9:17].any()


@needs_face_model
def test_a_pixel_more_than_half_covered_has_a_surface(samples):
    for sample in samples:
        assert (sample.label_hw[sample.matte_hw > 127] > 0).all()
        assert (sample.thickness_hw[sample.label_hw > 0] <= 0).sum() <= 0.002 * sample.label_hw.size, (
            "everybody has an inside"
        )


@needs_face_model
def test_samples_repeat_by_seed_and_vary_between_seeds(people):

    model, regions = people
    one, again, other = (render(model, regions, seed, 64) for seed in (5, 5, 6))
    assert np.array_equal(one.rgb_hwc, again.rgb_hwc)
    assert np.array_equal(one.relief_hw, again.relief_hw)
    assert not np.array_equal(one.rgb_hwc, other.rgb_hwc)


@needs_face_model
def test_nobody_is_drawn_as_often_as_promised_and_leaves_nothing_in_the_truth(people):
    empty = [seed for seed in range(600) if np.random.default_rng(seed).random() < CHANCE_OF_NOBODY]
    assert abs(len(empty) - 600 * CHANCE_OF_NOBODY) < 4 * math.sqrt(600 * CHANCE_OF_NOBODY)
    for seed in empty[:3]:
        sample = render(*people, seed, 64)
        assert "nobody" in sample.has
        for map_or_places in (
            sample.matte_hw,
            sample.relief_hw,
            sample.thickness_hw,
            sample.label_hw,
            sample.heads_23,
            sample.eyes_43,
        ):
            assert not map_or_places.any()
        assert sample.rgb_hwc.std() > 0
