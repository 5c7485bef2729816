"""`make screenshots`: the page at desktop and phone width, light and dark, into assets/pictures/."""

from chromium import CHROMIUM, FLAGS
from playwright.sync_api import expect, sync_playwright
from visitor import MODEL_ON_STAGE, SLOW_MS, generate_depth, generate_model, settle, wait_for

from page.local_server import ROOT, serving

TARGET = ROOT / "assets" / "pictures"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def main():
    """Take every picture."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for device, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme
                )
                take(context.new_page(), server.address, f"{device}_{scheme}")
                context.close()
        browser.close()


def take(page, address, name):
    """One picture of each step."""
    page.goto(address, timeout=SLOW_MS)
    expect(page.get_by_text("1 face found")).to_be_visible(timeout=SLOW_MS)
    settle(page)
    shoot(page, name, "photo")
    generate_depth(page)
    shoot(page, name, "depth")
    generate_model(page)
    page.get_by_role("radio", name="Model, as in the files").click()
    expect(page.get_by_text("Ready to print")).to_be_visible(timeout=SLOW_MS)
    wait_for(page, MODEL_ON_STAGE)
    settle(page)
    page.get_by_role("button", name="Three-quarter").click()
    shoot(page, name, "model")


def shoot(page, name, step):
    """What one screen shows of the step that is the current one, with the pointer away from it."""
    page.mouse.move(0, 0)
    box = page.locator(f".st-key-step-{step}")
    box.evaluate("(step) => step.scrollIntoView()")
    page.wait_for_timeout(2_000)
    clip = box.bounding_box()
    clip["height"] = min(clip["height"], page.viewport_size["height"] - clip["y"])
    page.screenshot(path=TARGET / f"{name}_{step}.png", clip=clip)


if __name__ == "__main__":
    main()
