"""Step 2 in a browser: slider, values under the pointer, colour maps, clip, histogram, copying."""

import pytest
from playwright.sync_api import expect
from visitor import choose, generate_depth, wait_for

pytest.importorskip("playwright.sync_api")

COPIED = """async () => {
    const [item] = await navigator.clipboard.read();
    const picture = await createImageBitmap(await item.getType('image/png'));
    return [picture.width, picture.height];
}"""
SHOWN = """() => {
    const { naturalWidth, naturalHeight } = document.querySelector('.pv-layer');
    return [naturalWidth, naturalHeight];
}"""
COLOURED = """async (wanted) => {
    const layer = document.querySelector('.pv-layer');
    await layer.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [layer.naturalWidth, layer.naturalHeight];
    const paint = canvas.getContext('2d');
    paint.drawImage(layer, 0, 0);
    const { data } = paint.getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let at = 0; at < data.length; at += 4) coloured += Math.abs(data[at] - data[at + 2]) > 20;
    return (coloured / (data.length / 4) > 0.05) === wanted;
}"""


@pytest.fixture(scope="module")
def page(shared_visit):
    opened = shared_visit(permissions=["clipboard-read", "clipboard-write"])
    generate_depth(opened)
    return opened


def test_the_line_and_the_value_under_the_pointer(page):
    frame, value = page.locator(".pv-frame"), page.locator(".pv-value")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(value).to_contain_text("image widths towards the camera")
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    expect(value).to_contain_text("background")
    line = page.get_by_role("slider", name="Divider between photo and layer, per cent")
    line.press("ArrowRight")
    expect(line).to_have_value("51")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    expect(line).to_have_value("25")


def test_colours_clip_histogram_and_side_by_side(page):
    wait_for(page, COLOURED, arg=False)
    choose(page, "Colours", "Viridis")
    wait_for(page, COLOURED, arg=True)
    expect(page.locator(".pv-layer")).to_have_attribute("alt", "Depth of the photo, colour map viridis")

    histogram = page.get_by_role("img", name="Histogram of the layer depth")
    expect(histogram.locator("rect")).to_have_count(64)
    expect(histogram.locator("rect[opacity='0.15']")).to_have_count(0)
    far = page.get_by_role("slider", name="Shown range").first
    far.press("ArrowRight")
    for _ in range(24):
        far.press("ArrowRight")
    expect(histogram.locator("rect[opacity='0.15']")).to_have_count(
        16
    )  # 25 % of 64 bars are beyond the far end

    page.get_by_role("radio", name="Side by side").click()
    expect(page.locator(".pv-frame")).to_have_count(2)
    boxes = [frame.bounding_box() for frame in page.locator(".pv-frame").all()]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    page.get_by_role("radio", name="Matte").click()
    expect(page.locator(".pv-layer")).to_have_attribute("alt", "Matte of the photo, colour map viridis")


def test_copy_picture_puts_the_layer_on_the_clipboard(page):
    copy = page.get_by_role("button", name="Copy picture")
    copy.scroll_into_view_if_needed()
    copy.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate(COPIED) == page.evaluate(SHOWN)
    expect(page.get_by_role("button", name="Copy picture")).to_be_visible()


@pytest.mark.slow
def test_where_copying_is_not_allowed_the_button_says_so(visit):
    opened = visit(before="Object.defineProperty(navigator, 'clipboard', { value: undefined });")
    generate_depth(opened)
    opened.get_by_role("button", name="Copy picture").click()
    expect(opened.get_by_role("button", name="The browser forbids copying: use a download")).to_be_visible()
