"""Depth that a photo comes with: a file of the user's own, or what a phone has put into the photo."""
