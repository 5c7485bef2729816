import numpy as np

from face3d.geometry.meshes import weld
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import (
    CLAY_RGB,
    atlas,
    foot_px,
    foreground_colours,
    hidden_colours,
    rim_matte,
    seen_triangles,
)
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh

SIZE = (37, 52)


def mixed(matte_hw, front=(200.0, 80.0, 40.0), ground=(20.0, 60.0, 250.0)):
    """A photo that a uniform person and a uniform background were mixed to."""
    return np.round(matte_hw[..., None] * front + (1 - matte_hw[..., None]) * ground).astype(np.uint8)


def test_the_rim_is_freed_of_the_background():
    matte_hw = np.clip((np.indices(SIZE)[1] - 20) / 12, 0, 1).astype(np.float32)
    clean_hwc = foreground_colours(mixed(matte_hw), matte_hw)
    assert np.abs(clean_hwc.astype(float) - (200, 80, 40)).max() <= 2


def test_inside_the_person_the_photo_is_untouched():
    photo = photo_of(SIZE)
    assert (foreground_colours(photo.rgb_hwc, np.ones(SIZE, np.float32)) == photo.rgb_hwc).all()
    matte_hw = np.clip((np.indices(SIZE)[1] - 20) / 12, 0, 1).astype(np.float32)
    assert (foreground_colours(photo.rgb_hwc, matte_hw) == photo.rgb_hwc)[matte_hw == 1].all()


def test_the_hidden_side_has_the_colours_of_the_rim_and_not_of_the_face():
    rows, columns = np.indices((60, 60))
    far = np.hypot(rows - 29.5, columns - 29.5)
    picture_hwc = np.where((far < 15)[..., None], (255, 0, 0), (0, 0, 180)).astype(np.uint8)
    hidden_hwc = hidden_colours(picture_hwc, far < 25)
    assert (hidden_hwc[25:35, 25:35, 0] < 10).all() and (hidden_hwc[25:35, 25:35, 2] > 170).all()


def test_where_the_whole_frame_is_the_model_its_hidden_side_has_the_colours_of_all_four_edges():
    picture_hwc = np.zeros((*SIZE, 3), np.uint8)
    picture_hwc[: SIZE[0] // 2, :, 0], picture_hwc[SIZE[0] // 2 :, :, 2] = 200, 200
    hidden_hwc = hidden_colours(picture_hwc, np.ones(SIZE, bool))
    assert (hidden_hwc[:6, :, 0] > 150).all() and (hidden_hwc[-6:, :, 2] > 150).all()


def test_no_background_reaches_the_texture_of_a_bust():
    depth = head((96, 80))
    photo_rgb = mixed(rim_matte(depth))
    texture = atlas(photo_rgb, depth, 2048, True, None)
    assert texture.shape == (96 + foot_px(96), 120, 3)
    assert (texture[96:] == CLAY_RGB).all()
    cut = atlas(photo_rgb, depth, 2048, True, None, photo_rows=90)
    assert (cut[90:] == CLAY_RGB).all() and (cut[:90] == texture[:90]).all()
    assert np.abs(texture[:96].astype(float) - (200, 80, 40)).max() <= 8


def test_a_plaque_is_clay_around_the_person():
    depth = head((96, 80))
    texture = atlas(mixed(rim_matte(depth)), depth, 2048, True, 8)
    assert (
        texture.shape == (112, 96 + 48, 3)
        and (texture[:8] == (200, 196, 190)).all()
        and (texture[:, 96:] == (200, 196, 190)).all()
    )


def test_without_a_matte_the_rim_counts_as_mixed():
    mask_hw = np.zeros(SIZE, bool)
    mask_hw[:, 10:] = True
    matte_hw = rim_matte(DepthMap(np.zeros(SIZE, np.float32), DepthRepresentation.RELIEF, mask_hw, "formula"))
    assert (matte_hw[:, :10] == 0).all() and (matte_hw[:, 12:] == 1).all()


def test_seen_triangles_wear_the_photo_and_the_others_the_hidden_side():
    depth, photo = head(), photo_of((96, 80))
    mesh = build_mesh(make_relief(depth, photo, ModelSettings(face_budget=4000)), "bust")
    left = (mesh.uv_n2[mesh.faces_m3, 0] <= 2 / 3 + 1e-6).all(axis=1)
    right = (mesh.uv_n2[mesh.faces_m3, 0] >= 2 / 3 - 1e-6).all(axis=1)
    assert (left | right).all() and 0.2 < left.mean() < 0.8
    kept, _, faces = weld(mesh.vertices_n3, mesh.faces_m3)
    assert (
        seen_triangles(
            mesh.vertices_n3[kept].astype(float),
            faces,
            make_relief(depth, photo, ModelSettings()).camera,
            0,
        )
        == left
    ).all()
