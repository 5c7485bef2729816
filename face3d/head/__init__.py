"""A head model that is fitted to what the network sees of a face."""
