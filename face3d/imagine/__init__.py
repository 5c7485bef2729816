"""A picture of a face from words, which then goes the way of a photo."""
