"""Contrast of text by WCAG 2.2, from the colours of the theme and the opacity of captions."""

import re
import tomllib
from pathlib import Path

import pytest
from plotly.colors import hex_to_rgb

ROOT = Path(__file__).parents[2]
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
CSS = (ROOT / "page" / "page.css").read_text()
ENOUGH = 4.5
"""Success criterion 1.4.3, level AA, for text of ordinary size."""


def luminance(rgb):
    """Relative luminance of 8-bit sRGB, as WCAG defines it."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in rgb)
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(text, ground, opacity=1.0):
    """Contrast ratio of two hexadecimal colours, the first one mixed with the second by its opacity."""
    text, ground = hex_to_rgb(text), hex_to_rgb(ground)
    mixed = [opacity * a + (1 - opacity) * b for a, b in zip(text, ground, strict=True)]
    lighter, darker = sorted([luminance(mixed), luminance(ground)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_gives_the_values_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known grey that fails


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_captions_and_links_have_enough_contrast(scheme):
    theme = THEME[scheme]
    caption_opacity = float(re.search(r"stCaptionContainer[^}]*opacity: ([.\d]+)", CSS)[1])
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], ground, caption_opacity) >= ENOUGH
        assert contrast(theme["linkColor"], ground) >= ENOUGH
