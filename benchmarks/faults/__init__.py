"""What becomes of a batch when something goes wrong under it: a table, see `__main__`."""
