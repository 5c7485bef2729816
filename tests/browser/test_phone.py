"""The page on a phone: what is on the screen together, and what fingers do to the viewer."""

import numpy as np
import pytest
from playwright.sync_api import expect
from visitor import SLOW_MS, camera, choose, generate_depth, generate_model, middle, wait_for

pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def page(shared_visit):
    return shared_visit(width=390, height=844, has_touch=True, is_mobile=True)


def test_the_page_fits_a_phone(page):
    """Nothing is wider than the screen; stage, controls and the main download are on it together."""
    generate_depth(page)
    check_it_fits(page.locator(".pv-frame"))
    generate_model(page)
    expect(page.get_by_text("Ready to print")).to_be_visible(timeout=SLOW_MS)
    page.wait_for_timeout(2_000)
    check_the_model_is_on_the_screen(page)
    choose(page, "Kind of model", "Head, animated")
    wait_for(page, "() => document.querySelector('.mv-face')?.checkVisibility()")
    page.locator(".st-key-step-model").evaluate("(step) => step.scrollIntoView()")
    page.wait_for_timeout(2_000)
    check_the_model_is_on_the_screen(page)
    check_the_sliders_unfold(page)


def check_the_model_is_on_the_screen(page):
    wait_for(page, "() => document.documentElement.scrollWidth <= 390")
    buttons = page.locator(".mv-bar:not(.mv-face)")
    download = page.get_by_role("button", name="Download GLB")
    for locator in (page.locator(".st-key-what-to-show"), page.locator(".mv-stage"), buttons, download):
        box = check_it_fits(locator)
        assert box["y"] >= 0 and box["y"] + box["height"] <= 844


def check_the_sliders_unfold(page):
    smile = page.get_by_role("slider", name="Smile")
    expect(smile).to_be_hidden()
    page.get_by_role("button", name="Expressions").click()
    expect(smile).to_be_visible()
    check_it_fits(smile)


def check_it_fits(locator):
    box = locator.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    return box


def touch(devtools, kind, *points):
    devtools.send(
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]},
    )


def swipe(page, devtools, across, down, *starts):
    """Move fingers from these places by so many pixels, each one the other way than the one before it."""
    touch(devtools, "touchStart", *starts)
    for step in range(1, 11):
        ways = [(-1) ** n * step / 10 for n in range(len(starts))]
        moved = [(x + way * across, y + way * down) for (x, y), way in zip(starts, ways, strict=True)]
        touch(devtools, "touchMove", *moved)
        page.wait_for_timeout(30)
    touch(devtools, "touchEnd")
    page.wait_for_timeout(500)


def test_one_finger_scrolls_until_a_tap_then_turns_and_two_zoom(page):
    stage = page.locator(".mv-stage")
    stage.scroll_into_view_if_needed()
    devtools = page.context.new_cdp_session(page)
    start, _ = camera(page)
    for button in page.locator(".mv-bar button:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, button.inner_text()
        assert box["height"] >= 40, button.inner_text()
    x, y = middle(stage)
    expect(stage.get_by_text("Tap to turn with one finger")).to_be_visible()
    swipe(page, devtools, 0, -100, (x, y))
    assert middle(stage)[1] < y - 50  # the page scrolled
    assert np.abs(camera(page)[0] - start).max() < 1e-6

    x, y = middle(stage)
    swipe(page, devtools, -60, 0, (x - 40, y), (x + 40, y))
    zoomed, _ = camera(page)
    assert np.linalg.norm(zoomed) < 0.6 * np.linalg.norm(start)
    assert page.evaluate("() => visualViewport.scale") == 1  # the model grew, not the page

    page.touchscreen.tap(x, y)
    expect(stage.get_by_text("One finger turns")).to_be_visible()
    swipe(page, devtools, 100, -60, (x, y))
    assert middle(stage)[1] == y  # the page stayed
    turned, _ = camera(page)
    assert np.linalg.norm(turned - zoomed) > 0.1
    page.locator(".st-key-step-model h2").tap()
    expect(stage.get_by_text("Tap to turn with one finger")).to_be_visible()
