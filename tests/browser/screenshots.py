"""`make screenshots`: the page at desktop and phone width, light and dark, into assets/pictures/."""

from chromium import CHROMIUM, FLAGS
from playwright.sync_api import expect, sync_playwright
from visitor import (
    MODEL_ON_STAGE,
    SLOW_MS,
    STAGES,
    close_popover,
    generate_depth,
    generate_model,
    open_popover,
    settle,
    wait_for,
)

from page.local_server import ROOT, serving

TARGET = ROOT / "assets" / "pictures"
QUALITY = 80
"""Of JPEG: a picture has at most 150 kB."""
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def main():
    """Take every picture."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for device, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                finger = device == "phone"
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    has_touch=finger,
                    is_mobile=finger,
                )
                take(context.new_page(), server.address, f"{device}_{scheme}")
                context.close()
        browser.close()


def take(page, address, name):
    """One picture of each step, and of what else a step can show."""
    page.goto(address, timeout=SLOW_MS)
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=SLOW_MS)
    settle(page)
    shoot(page, f"{name}_photo", "photo")
    page.get_by_role("radio", name="Describe a face").click()
    settle(page)
    shoot(page, f"{name}_describe", "photo")
    page.get_by_role("radio", name="File or sample").click()
    settle(page)
    generate_depth(page)
    shoot(page, f"{name}_depth", "depth")
    generate_model(page)
    page.get_by_role("radio", name="Model, as in the files").click()
    expect(page.get_by_text("Ready to print")).to_be_visible(timeout=SLOW_MS)
    wait_for(page, MODEL_ON_STAGE)
    settle(page)
    page.get_by_role("button", name="Three-quarter").click()
    shoot(page, f"{name}_model", "model")
    open_popover(page, "Advice")
    shoot(page, f"{name}_advice")
    close_popover(page)
    page.get_by_role("button", name="Complete", exact=True).click()
    wait_for(page, f"() => {STAGES}.length === 2 && {STAGES}.every((stage) => stage.viewer.scene?.glb)")
    settle(page)
    page.get_by_role("button", name="Discard").scroll_into_view_if_needed()
    shoot(page, f"{name}_complete")


def shoot(page, name, step=None):
    """The screen, with the pointer away from it; or what it shows of one step."""
    page.mouse.move(0, 0)
    if step:
        box = page.locator(f".st-key-step-{step}")
        box.evaluate("(step) => step.scrollIntoView()")
    page.wait_for_timeout(2_000)
    clip = box.bounding_box() if step else None
    if clip:
        clip["height"] = min(clip["height"], page.viewport_size["height"] - clip["y"])
    page.screenshot(path=TARGET / f"{name}.jpg", clip=clip, type="jpeg", quality=QUALITY)


if __name__ == "__main__":
    main()
