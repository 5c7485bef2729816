"""What the decoders raise on damaged files, found by fuzzing."""

from __future__ import annotations

import struct
import zlib

from PIL import Image, ImageCms

DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    ImageCms.PyCMSError,
)
"""Exceptions of Pillow, its modules for colours, and its plugin for HEIC."""
