"""The renderers that the benchmark compares see the same ball, and its table has a row for each that is
installed.
"""

import sys

import numpy as np
import pytest
import trimesh
from face_model_file import FACE_MODEL, needs_face_model

from benchmarks import renderers
from training.rendering.camera import SceneCamera

SIDE, RADIUS, DISTANCE = 48, 8.0, 60.0


@pytest.fixture(scope="module")
def ball():
    """Its middle lies a quarter of the picture to the right of the picture's and a tenth above it."""
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=RADIUS)
    camera = SceneCamera(np.eye(3), DISTANCE, 40.0, (0.75, 0.4), 0.0)
    return renderers.RenderTask(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32), camera, SIDE)


def opengl(task):
    return renderers.OpenGl(SIDE)(task)


@pytest.mark.parametrize(
    ("package", "render"),
    [("numba", renderers.by_rasteriser), ("embreex", renderers.by_ray_casting), ("moderngl", opengl)],
)
def test_first_and_last_surface_of_a_ball(package, render, ball):
    pytest.importorskip(package)
    try:
        surfaces = render(ball)
    except Exception as error:
        if package != "moderngl":
            raise
        pytest.skip(f"no OpenGL here: {error}")
    rows, columns = np.nonzero(surfaces.first_hw)
    assert rows.mean() + 0.5 == pytest.approx(0.4 * SIDE, abs=0.5)
    assert columns.mean() + 0.5 == pytest.approx(0.75 * SIDE, abs=0.5)
    for distance_hw, sign in zip(surfaces, (-1, 1), strict=True):
        ray = ball.camera.rays(SIDE)
        across = DISTANCE * ray[..., 2]  # of the point of each ray that is nearest to the middle, negative
        half = np.sqrt(np.maximum(RADIUS**2 - DISTANCE**2 + across**2, 0))
        expected = np.where(half > 0, (-across + sign * half) * -ray[..., 2], 0)
        well_inside = half > 2
        assert well_inside.sum() > 100
        assert np.abs(distance_hw - expected)[well_inside].max() < 0.1
        assert ((distance_hw > 0) != (half > 0)).mean() < 0.02


def test_disagreement_is_measured_where_both_see_something():
    ours = renderers.Surfaces(np.array([[0.0, 10, 10, 10]]), np.array([[0.0, 12, 12, 12]]))
    theirs = renderers.Surfaces(np.array([[0.0, 0, 11, 11]]), np.array([[0.0, 0, 12, 15]]))
    assert renderers.disagreement(theirs, ours).tolist() == [1.0, 1.5, 25.0]


@needs_face_model
def test_a_row_per_renderer_and_a_line_for_each_that_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(
        sys, "argv", ["renderers", "--face-model", str(FACE_MODEL), "--scenes", "1", "--side", "32"]
    )
    monkeypatch.setattr(renderers.os, "sched_setaffinity", lambda *_: None, raising=False)
    monkeypatch.setitem(sys.modules, "embreex", None)
    monkeypatch.setitem(sys.modules, "moderngl", None)
    renderers.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines if line.startswith("| ")][1:] == ["| our rasteriser"]
    assert [line.split()[1] for line in lines if line.startswith("No ")] == ["ray", "OpenGL"]
