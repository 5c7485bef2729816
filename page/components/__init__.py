"""Two Streamlit components of our own: `show_model`, a figure whose camera survives; `show_pictures`, photo
and depth to compare.
"""

__all__ = ["show_model", "show_pictures"]
