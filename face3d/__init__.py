"""One photo of a face into a 3D model: the library beneath the page and the command line."""

VERSION = "0.1.0"
"""Of the package, as in pyproject.toml: manifests name it."""
