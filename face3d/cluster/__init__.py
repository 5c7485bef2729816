"""A batch of photos on a cluster, by Ray Data; photos and files in storage that all its computers reach."""
