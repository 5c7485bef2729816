"""One photo of a face into a 3D model: the library beneath the page and the command line."""
