import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from face3d.geometry.back_side import complete_back, complete_front, half_chord
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.kinds import model_camera
from face3d.geometry.meshes import weld
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import atlas, foreground_colours, hidden_colours, rim_matte, seen_triangles
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh

SIZE = (37, 52)
masks = hnp.arrays(bool, SIZE).filter(np.any)


@given(masks, st.integers(0, 999))
def test_diffusion_keeps_what_is_known_and_stays_within_it(known_hw, seed):
    values_hwc = np.random.default_rng(seed).random((*SIZE, 3), np.float32)
    filled_hwc = fill_by_diffusion(values_hwc, known_hw)
    known = values_hwc[known_hw]
    assert np.abs(filled_hwc[known_hw] - known).max() < 1e-6
    assert (filled_hwc >= known.min(axis=0) - 1e-4).all() and (filled_hwc <= known.max(axis=0) + 1e-4).all()


def test_diffusion_takes_the_nearer_colour():
    values_hwc, known_hw = np.zeros((*SIZE, 1), np.float32), np.zeros(SIZE, bool)
    known_hw[:, :5] = known_hw[:, -5:] = True
    values_hwc[:, -5:] = 1
    row = fill_by_diffusion(values_hwc, known_hw)[18, :, 0]
    assert row[10] < 0.35 < 0.65 < row[-10]


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
    assert texture.shape == (96, 120, 3)
    assert np.abs(texture.astype(float) - (200, 80, 40)).max() <= 8


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
    mesh = build_mesh(depth, photo, "bust", ModelSettings(face_budget=4000))
    left = (mesh.uv_n2[mesh.faces_m3, 0] <= 2 / 3 + 1e-6).all(axis=1)
    right = (mesh.uv_n2[mesh.faces_m3, 0] >= 2 / 3 - 1e-6).all(axis=1)
    assert (left | right).all() and 0.2 < left.mean() < 0.8
    kept, _, faces = weld(mesh.vertices_n3, mesh.faces_m3)
    assert (
        seen_triangles(
            mesh.vertices_n3[kept].astype(float),
            faces,
            model_camera(depth, photo, "bust", ModelSettings()),
            0,
        )
        == left
    ).all()


def test_half_chord_of_a_disc_is_a_ball():
    rows, columns = np.indices((200, 240))
    far = np.hypot(rows - 99.5, columns - 119.5) / 240
    want_hw = np.sqrt(np.maximum(0.3**2 - far**2, 0))
    inner = far < 0.28
    assert np.abs(half_chord(far < 0.3) - want_hw)[inner].max() < 0.02


def test_a_sure_hidden_layer_is_kept_and_an_unsure_one_continued():
    mask_hw = np.ones(SIZE, bool)
    front_hw, back_hw = np.full(SIZE, 0.2, np.float32), np.full(SIZE, -0.1, np.float32)
    assert np.allclose(complete_back(front_hw, back_hw, mask_hw, mask_hw, True), -0.1)
    wrong_hw = back_hw.copy()
    wrong_hw[10:20, 10:20] = -5
    sure_hw = mask_hw.copy()
    sure_hw[10:20, 10:20] = False
    assert np.allclose(complete_back(front_hw, wrong_hw, mask_hw, sure_hw, True), -0.1, atol=1e-4)


def test_holes_of_the_front_are_continued():
    front_hw, known_hw = np.full(SIZE, 0.3, np.float32), np.ones(SIZE, bool)
    front_hw[5:9, 5:9], known_hw[5:9, 5:9] = 9, False
    assert np.allclose(complete_front(front_hw, known_hw), 0.3, atol=1e-5)
