"""Which files are videos, by their names; without OpenCV, which takes a while to load."""

from __future__ import annotations

from pathlib import PurePath

SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".3gp")


def frame_name(video: str | PurePath, number: int) -> str:
    """What the files of one frame of a video are called: its name without the ending, and the number."""
    return f"{PurePath(video).stem}_frame{number}"


def is_video(name: str | PurePath) -> bool:
    """Whether the name of a file ends as that of a video."""
    return PurePath(name).suffix.lower() in SUFFIXES
