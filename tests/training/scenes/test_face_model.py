"""Laws of the reader of the face model."""

import numpy as np

from training.scenes.face_model import load_face_model


def test_a_folder_of_obj_files_reads_like_the_packed_model(tmp_path):
    text = (
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nusemtl M_Face\nf 1/1 2/2 3/3 4/4\nusemtl M_EyeLashes\nf 1 2 3\n"
    )
    (tmp_path / "generic_neutral_mesh.obj").write_text(text)
    (tmp_path / "identity000.obj").write_text(text.replace("v 1 1 0", "v 1 3 0"))
    (tmp_path / "jawOpen.obj").write_text(text.replace("v 0 0 0", "v 0 -1 0"))
    model = load_face_model(tmp_path)
    assert model.triangles_m3.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert model.expression_names == ("jawOpen",)
    moved = model.shape(np.array([0.5]), np.array([1.0]))
    assert moved.tolist() == [[0, -1, 0], [1, 0, 0], [1, 2, 0], [0, 1, 0]]
