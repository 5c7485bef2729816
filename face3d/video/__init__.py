"""Depth of a video, steady in time, and the frame of which a model is made."""
