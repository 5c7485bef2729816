"""The head fit on true maps of rendered heads."""

from dataclasses import replace

import numpy as np
import pytest
from face_model_file import FACE_MODEL, needs_face_model
from rendered_head import rendered_head, seen_skin

from face3d.errors import HeadError
from face3d.geometry.camera import Camera
from face3d.head.fit import fit_head
from face3d.head.model import load_head_model
from training.scenes.face_model import HEAD, NARROW_FACE, find_regions, load_face_model


@pytest.fixture(scope="module")
def model():
    return load_head_model()


@pytest.fixture(scope="module")
def heads():
    """A face seen from the front and one from three quarters."""
    source = load_face_model(FACE_MODEL)
    regions = find_regions(source)
    return [rendered_head(source, regions, seed, yaw) for seed, yaw in ((3, 0), (5, 40))]


@pytest.fixture(scope="module")
def fits(model, heads):
    return [fit_head(model, seen_skin(head)) for head in heads]


def apart(one_v3, other_v3, scale):
    """Distances of corresponding vertices in head widths, the skin only."""
    return np.linalg.norm(one_v3[HEAD] - other_v3[HEAD], axis=1) / scale


@needs_face_model
@pytest.mark.parametrize("number", [0, 1])
def test_the_head_is_recovered(model, heads, fits, number):
    """Stated errors: turn 1.5 degrees, scale 6 %, camera distance 15 %, face 1 % of head width."""
    head, fit = heads[number], fits[number]
    placing = head.scene_camera
    turn = np.trace(fit.rotation_33.T @ placing.rotation_33)
    assert np.degrees(np.arccos((turn - 1) / 2)) < 1.5
    assert fit.scale * placing.scene_width * 10 / model.width_mm == pytest.approx(1, abs=0.06)
    assert fit.camera.distance == pytest.approx(head.camera.distance, rel=0.15)
    assert fit.residual < 0.006 and fit.used > 0.85
    assert fit.residual_mm == pytest.approx(fit.residual * model.width_mm)
    off = apart(fit.vertices(model, head.camera), head.vertices_v3, fit.scale)
    assert off[NARROW_FACE].mean() < 0.01 and off.mean() < 0.03


@needs_face_model
def test_an_unknown_camera_is_found(model, heads, fits):
    """From a field of view that is a third too large."""
    wrong = replace(heads[0].camera, distance=heads[0].camera.distance * 0.75)
    fit = fit_head(model, seen_skin(heads[0], wrong))
    assert fit.camera.distance == pytest.approx(fits[0].camera.distance, rel=0.1)
    both = fit.vertices(model, heads[0].camera), fits[0].vertices(model, heads[0].camera)
    assert apart(*both, fit.scale)[NARROW_FACE].mean() < 0.005


@needs_face_model
def test_a_crop_a_smaller_picture_and_another_unit_change_nothing(model, heads, fits):
    head, fit = heads[0], fits[0]
    seen = seen_skin(head)
    side, half = head.camera.size_hw[0], head.camera.size_hw[0] / 2
    crop = Camera((side, int(half)), head.camera.distance * 2, centre_xy=(half / 2, 3.0))
    cropped = fit_head(
        model,
        replace(seen, points_n3=seen.points_n3 * 2, point_error_n=seen.point_error_n * 2, camera=crop),
    )
    metres = fit_head(
        model,
        replace(
            seen,
            points_n3=seen.points_n3 * np.float32(0.4),
            point_error_n=seen.point_error_n * 0.4,
            camera=replace(head.camera, unit_per_width=0.4),
        ),
    )
    rows = slice(None, None, 4)
    fewer = fit_head(
        model,
        replace(
            seen,
            points_n3=seen.points_n3[rows],
            point_error_n=seen.point_error_n[rows],
            canonical_n3=seen.canonical_n3[rows],
            canonical_error_n=seen.canonical_error_n[rows],
        ),
    )
    for other, factor, limit in ((cropped, 2, 1e-3), (metres, 0.4, 1e-3), (fewer, 1, 0.006)):
        off = apart(other.vertices(model) / factor, fit.vertices(model), fit.scale)
        assert off[NARROW_FACE].mean() < limit, factor
        assert other.residual == pytest.approx(fit.residual, rel=0.1)


@needs_face_model
def test_a_mirrored_face_gives_the_mirrored_head_with_its_sides_swapped(model, heads, fits):
    flip = np.float32([-1, 1, 1])
    seen = seen_skin(heads[1])
    fit = fit_head(
        model, replace(seen, points_n3=seen.points_n3 * flip, canonical_n3=seen.canonical_n3 * flip)
    )
    swapped = fits[1].expression_e[model.mirrored_expression]
    assert np.abs(fit.expression_e - swapped).mean() < 0.02
    there = fit.vertices(model)[: NARROW_FACE.stop] * flip
    again = fits[1].vertices(model)[: NARROW_FACE.stop]
    gap = np.linalg.norm(there[:, None] - again[None, ::40], axis=2).min(0) / fit.scale
    assert gap.mean() < 0.01
    assert fit.rotation_33 == pytest.approx(np.diag(flip) @ fits[1].rotation_33 @ np.diag(flip), abs=0.01)


@needs_face_model
def test_a_tenth_of_wrong_pixels_changes_little(model, heads, fits):
    seen, rng = seen_skin(heads[0]), np.random.default_rng(0)
    wrong = rng.random(len(seen.points_n3)) < 0.1
    points = seen.points_n3.copy()
    points[wrong] += rng.normal(size=(wrong.sum(), 3)).astype(np.float32) * 0.2
    fit = fit_head(model, replace(seen, points_n3=points))
    off = apart(fit.vertices(model), fits[0].vertices(model), fit.scale)
    assert off[NARROW_FACE].mean() < 0.004
    assert 0.75 < fit.used < fits[0].used


@needs_face_model
def test_nonsense_and_too_little_skin_are_refused(model, heads):
    seen, rng = seen_skin(heads[0]), np.random.default_rng(0)
    order = rng.permutation(len(seen.points_n3))
    with pytest.raises(HeadError, match="No head fits"):
        fit_head(model, replace(seen, canonical_n3=seen.canonical_n3[order]))
    with pytest.raises(HeadError, match="does not look like skin"):
        fit_head(model, replace(seen, canonical_n3=seen.canonical_n3 + np.float32(1)))
    nowhere = np.where(np.arange(len(order))[:, None] < 100, seen.canonical_n3, np.nan)
    with pytest.raises(HeadError, match="Only 100 pixels of skin"):
        fit_head(model, replace(seen, canonical_n3=nowhere))
    near = np.linalg.norm(seen.canonical_n3 - seen.canonical_n3[len(order) // 2], axis=1) < 0.12
    with pytest.raises(HeadError, match="Too small a part"):
        fit_head(model, replace(seen, canonical_n3=np.where(near[:, None], seen.canonical_n3, np.nan)))
