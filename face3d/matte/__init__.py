"""Which pixels of a photo are the person: a stage of its own between photo and model."""
