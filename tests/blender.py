"""Blender as the Python package bpy, in a process of its own."""

import os
import subprocess
import sys

import pytest


def python_with_bpy():
    """BPY_PYTHON, or this Python; the test is skipped where it has no bpy."""
    python = os.environ.get("BPY_PYTHON", sys.executable)
    look = "import importlib.util,sys;sys.exit(importlib.util.find_spec('bpy') is None)"
    if subprocess.run([python, "-c", look]).returncode:
        pytest.skip("bpy is not installed (pip install bpy, 374 MB)")
    return python


def said_by_blender(python, script, path):
    """The words of each line that a script prints about a file, which is its argument."""
    command = [python, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    return [line.split() for line in done.stdout.splitlines() if line.split()]
