"""The steps on the screen: clicks to a textured head, what is in view after each, and what a reload asks."""

import pytest
from playwright.sync_api import expect
from sample_files import ASTRONAUT
from visitor import (
    MODEL_ON_STAGE,
    SCENE,
    SLOW_MS,
    close_popover,
    drag,
    open_popover,
    settle,
    wait_for,
    wait_for_eye,
)

pytest.importorskip("playwright.sync_api")

SMALL, LARGE = {"width": 1280, "height": 720}, {"width": 1400, "height": 1000}
TALLEST = {"photo": 1000, "depth": 700, "model": 850}
COUNT_CLICKS = "() => { window.clicks = 0; addEventListener('click', () => { window.clicks += 1; }, true); }"
SCROLLED = "() => document.querySelector('[data-testid=stMain]').scrollTop"
SMALL_TARGETS = """() => [...document.querySelectorAll('button, label:has([role=switch])')]
    .filter((target) => target.checkVisibility() && !target.closest('.stSelectbox, .stNumberInput'))
    .map((target) => [target.innerText || target.ariaLabel, target.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < 40 || height < 40).map(([name]) => name)"""


def check_it_is_in_view(page, step):
    """All of a step is on a small and on a large screen, once it stands still; the small one is left as it
    was: on the large one less of the page can be scrolled away.
    """
    box = page.locator(f".st-key-step-{step}")
    for size in (SMALL, LARGE):
        page.set_viewport_size(size)
        seen = None
        while seen != (seen := box.bounding_box()):
            page.wait_for_timeout(500)
        assert seen["height"] <= TALLEST[step], seen
        assert seen["y"] >= 0 and seen["y"] + seen["height"] <= size["height"], seen
        if size is SMALL:
            scrolled = page.evaluate(SCROLLED)
    page.set_viewport_size(SMALL)
    page.evaluate("(top) => { document.querySelector('[data-testid=stMain]').scrollTop = top; }", scrolled)
    assert page.evaluate(SMALL_TARGETS) == []


def press_and_wait(page, button, drawn):
    page.get_by_role("button", name=button).click()
    wait_for(page, drawn)
    settle(page)


def test_four_clicks_from_the_page_to_a_textured_head_each_result_whole_in_view(visit):
    page = visit(**SMALL)
    page.evaluate(COUNT_CLICKS)
    check_it_is_in_view(page, "photo")
    with page.expect_file_chooser() as chooser:
        page.locator("[data-testid=stFileUploaderDropzone] button").click()
    page.evaluate("() => { window.clicks = 1; }")  # that button clicks at a hidden field
    chooser.value.set_files([{"name": "own.jpg", "mimeType": "image/jpeg", "buffer": ASTRONAUT}])
    expect(page.get_by_text("own.jpg · ")).to_contain_text("found")
    settle(page)
    check_it_is_in_view(page, "photo")
    press_and_wait(page, "Generate depth map", "() => document.querySelector('.pv-frame img')?.complete")
    check_it_is_in_view(page, "depth")
    press_and_wait(page, "Generate 3D model", SCENE)
    expect(page.get_by_text("Ready to print")).to_be_visible(timeout=SLOW_MS)
    check_it_is_in_view(page, "model")
    page.get_by_role("radio", name="Model, as in the files").click()
    wait_for(page, MODEL_ON_STAGE)
    assert page.evaluate("() => window.clicks") == 4
    check_it_is_in_view(page, "model")
    open_popover(page, "More settings")  # of a step that has run more than once
    smoothing = page.get_by_role("slider", name="Smoothing, pixels")
    assert float(smoothing.evaluate("(slider) => slider.value ?? slider.ariaValueNow")) == 1
    close_popover(page)
    drag(page, page.locator(".mv-stage"), 160)
    wait_for_eye(page, "Math.abs(eye.x) > 0.2")
    check_the_row_of_buttons_and_the_advice(page)
    check_steps_that_are_opened_again(page)
    check_a_reload(page)


def check_the_row_of_buttons_and_the_advice(page):
    """The viewer's buttons stand in one row; *Advice* and what it offers are on the small screen."""
    buttons = page.locator(".mv-bar button:visible").all()
    assert len({round(button.bounding_box()["y"]) for button in buttons}) == 1
    page.locator(".mv-bar").get_by_role("button", name="Picture", exact=True).click()
    expect(page.get_by_role("button", name="Save with transparent background")).to_be_in_viewport(ratio=1)
    open_popover(page, "Advice")
    for name in ("Apply", "Apply all"):
        expect(page.get_by_role("button", name=name, exact=True).first).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Save with transparent background")).to_be_hidden()
    close_popover(page)


def check_steps_that_are_opened_again(page):
    """A step that is opened again is whole in view; when it is folded, the model is."""
    for step in ("photo", "depth"):
        page.locator(f".st-key-line-{step}").click()
        settle(page)
        check_it_is_in_view(page, step)
        page.locator(f".st-key-fold-{step} button").click()
        settle(page)
        check_it_is_in_view(page, "model")


def check_a_reload(page):
    """It asks first. After it the first view is the one that was chosen last."""
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == ["beforeunload"]
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=SLOW_MS)
    settle(page)
    press_and_wait(page, "Generate depth map", "() => document.querySelector('.pv-frame img')?.complete")
    press_and_wait(page, "Generate 3D model", MODEL_ON_STAGE)
