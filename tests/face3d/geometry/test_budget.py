from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import generate_3d_model
from face3d.errors import GeometryError
from face3d.geometry import meshing
from face3d.geometry.budget import HEAD_GB, MEMORY_GB, memory_gb, off_its_surface
from face3d.geometry.deviation import LARGEST_DEVIATION
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh, generate_model


def number_after(words, refused):
    """The number that ends a message."""
    return int(str(refused.value).split(words)[1].rstrip(".").replace(",", ""))


def test_too_many_triangles_for_the_memory_are_refused_with_the_number_that_fits(monkeypatch):
    size = (1200, 1200)
    flat = DepthMap(np.zeros(size, np.float32), DepthRepresentation.RELIEF, np.ones(size, bool), "flat")
    photo = photo_of(size)
    monkeypatch.setattr(meshing, "build_mesh", lambda *_, **__: pytest.fail("built"))
    settings = ModelSettings(face_budget=5_000_000)
    with pytest.raises(GeometryError, match="allowed: choose at most") as refused:
        generate_model(flat, photo, "bust", settings)
    fits = number_after("at most ", refused)
    relief = make_relief(flat, photo, settings)
    assert memory_gb(relief, "bust", fits) <= MEMORY_GB < memory_gb(relief, "bust", fits + 10_000)


def test_a_small_photo_has_no_more_triangles_than_its_pixels_give():
    relief = make_relief(head(), photo_of((96, 80)), ModelSettings(face_budget=5_000_000))
    assert memory_gb(relief, "two-sided", 5_000_000) < 0.1


def test_a_whole_head_takes_its_memory_however_few_its_triangles_are():
    relief = make_relief(head(), photo_of((96, 80)), ModelSettings(face_budget=4000))
    assert memory_gb(relief, "bust", 4000) == HEAD_GB > 10 * memory_gb(relief, "two-sided", 4000)
    nobody = replace(relief, depth=replace(relief.depth, faces=()))
    assert memory_gb(nobody, "bust", 4000) == memory_gb(relief, "two-sided", 4000)


@pytest.fixture
def narrow():
    """A head with narrow arms beside the body, which a coarse grid does not hold, and its photo."""
    depth = head((192, 160))
    mask_hw = depth.mask_hw.copy()
    mask_hw[120:, 56:104] = False
    return replace(depth, mask_hw=mask_hw), photo_of((192, 160))


def test_a_surface_through_the_points_of_a_bust_is_refused_as_a_bust_is(narrow):
    relief = make_relief(*narrow, ModelSettings(face_budget=100))
    bust = build_mesh(relief, "bust")
    off = off_its_surface(relief, "poisson", bust)
    assert off == off_its_surface(relief, "bust", bust) > LARGEST_DEVIATION


def test_too_few_triangles_for_the_shape_are_refused_with_a_number_that_holds(narrow):
    gap, photo = narrow
    with pytest.raises(GeometryError, match=r"off its surface by .* choose at least") as refused:
        generate_model(gap, photo, "bust", ModelSettings(face_budget=100))
    enough = number_after("at least ", refused)
    full, model = (
        generate_model(gap, photo, "bust", ModelSettings(face_budget=budget, height_mm=200)).report
        for budget in (8000, enough)
    )
    assert model.size_mm == pytest.approx(full.size_mm, rel=0.1)


def test_the_numbers_for_a_hollow_model_are_of_outside_and_inside_together(narrow, monkeypatch):
    """A part of the triangles is the inside's: what was asked for is said, and what is said to hold holds."""
    gap, photo = narrow
    built = SimpleNamespace(report=SimpleNamespace(sound=True))
    monkeypatch.setattr(meshing, "finished", lambda *_: built)
    settings = ModelSettings(face_budget=300, wall_mm=3.0, height_mm=200)
    with pytest.raises(GeometryError, match="With 300 triangles the two-sided would be off") as refused:
        generate_model(gap, photo, "two-sided", settings)
    enough = number_after("at least ", refused)
    assert generate_model(gap, photo, "two-sided", replace(settings, face_budget=enough)) is built


def test_the_memory_of_a_hollow_model_is_said_of_outside_and_inside_together(monkeypatch):
    size = (1200, 1200)
    flat = DepthMap(np.zeros(size, np.float32), DepthRepresentation.RELIEF, np.ones(size, bool), "flat")
    monkeypatch.setattr(generate_3d_model, "model_from_head", lambda *_: "built")
    settings = ModelSettings(face_budget=5_000_000, wall_mm=3.0)
    with pytest.raises(GeometryError, match="A bust of 5,000,000 triangles would take") as refused:
        generate_model(flat, photo_of(size), "bust", settings)
    fits = replace(settings, face_budget=number_after("at most ", refused))
    assert generate_model(flat, photo_of(size), "bust", fits) == "built"
