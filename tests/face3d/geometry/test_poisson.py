import numpy as np
import pytest
import trimesh

from face3d.errors import GeometryError
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh


def welded(mesh):
    """The mesh as another library sees it once equal positions are one vertex."""
    return trimesh.Trimesh(
        *(lambda u, i: (u, i[mesh.faces_m3]))(*np.unique(mesh.vertices_n3, axis=0, return_inverse=True)),
        process=False,
    )


def test_poisson_without_open3d_names_what_to_install(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(GeometryError, match="requirements-extra"):
        build_mesh(make_relief(head(), photo_of((96, 80)), ModelSettings()), "poisson")


def test_poisson_is_closed_where_open3d_is_installed():
    pytest.importorskip("open3d", reason="Open3D is an optional extra")
    assert welded(
        build_mesh(make_relief(head(), photo_of((96, 80)), ModelSettings(face_budget=5000)), "poisson")
    ).is_watertight
