"""Which steps are folded, and that a folded step keeps its widgets."""

import pytest
from page_visit import download_labels, press, session_of, upload
from sample_files import MIRRORED

pytestmark = pytest.mark.usefixtures("coarse_models", "stand_in_network")


def folded(page):
    return session_of(page).folded


def test_a_step_folds_when_the_next_one_is_asked_for_and_opens_at_a_click(page):
    assert not folded(page) and "unfold photo" not in [button.key for button in page.button]
    press(page, "generate depth")
    assert folded(page) == {"photo"} and session_of(page).current_step == "depth"
    press(page, "generate model")
    assert folded(page) == {"photo", "depth"} and session_of(page).current_step == "model"
    assert len(page.file_uploader) == 1 and len(download_labels(page)) > 7
    press(page, "unfold photo")
    assert folded(page) == {"depth"}
    press(page, "fold photo")
    assert folded(page) == {"photo", "depth"}
    upload(page, "mirrored.jpg", MIRRORED)
    assert not folded(page) and session_of(page).current_step == "photo"


def test_each_press_turns_to_its_step_once(page):
    turns = session_of(page).step_turns
    for press_again in range(1, 3):
        press(page, "generate depth")
        page.run()
        assert session_of(page).step_turns == turns + press_again
