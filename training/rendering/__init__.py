"""From a scene to a photo and its truth."""
