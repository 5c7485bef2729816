"""Two Streamlit components of our own: `show_model`, a figure whose camera survives; `show_pictures`, photo and depth to compare."""

from viewer.components import show_model, show_pictures

__all__ = ["show_model", "show_pictures"]
