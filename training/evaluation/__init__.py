"""Metrics of the face network, and tables of them."""
