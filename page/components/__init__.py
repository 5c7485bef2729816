"""Streamlit components of our own: the viewers of a model and of pictures, and what watches and remembers."""

from page.components.components import recalled, remember, show_model, show_pictures, watch_page

__all__ = ["recalled", "remember", "show_model", "show_pictures", "watch_page"]
