import numpy as np

from face3d.geometry.back_side import complete_back, complete_front, half_chord

SIZE = (37, 52)


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
