"""Two Streamlit components: `show_model`, a figure whose camera is kept; `show_pictures`, photo and layer."""

from page.components.components import show_model, show_pictures

__all__ = ["show_model", "show_pictures"]
