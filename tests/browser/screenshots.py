"""Screenshots of the page, at desktop and phone width, light and dark: `make screenshots` writes them to assets/pictures/."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

from conftest import FLAGS, ROOT, wait_for_server
from playwright.sync_api import sync_playwright
from test_page import generate_depth, generate_model, settle

TARGET = ROOT / "assets" / "pictures"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def main(app):
    """Take every picture of one server."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", app, "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_server(f"http://127.0.0.1:{port}/_stcore/health", server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for device, (width, height) in SIZES.items():
                for scheme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                    take(context.new_page(), f"http://127.0.0.1:{port}", f"{device}_{scheme}")
                    context.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(20)


def take(page, address, name):
    """One picture of each step."""
    page.goto(address)
    page.get_by_role("button", name="Generate depth map").wait_for()
    settle(page)
    generate_depth(page)
    generate_model(page)
    page.get_by_role("button", name="Three-quarter").click()
    page.get_by_text("Ready to print").wait_for(timeout=60_000)
    whole = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": whole + 40})
    page.wait_for_timeout(3_000)
    for step in ("photo", "depth", "model"):
        page.locator(f".st-key-step-{step}").screenshot(path=TARGET / f"{name}_{step}.png")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(ROOT) / "app.py"))
