"""A batch of photos on disk: its inputs and its outputs."""
