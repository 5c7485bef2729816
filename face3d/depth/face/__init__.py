"""The bundled face network and how it is applied to a photo."""
