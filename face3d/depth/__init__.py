"""From a photo to a depth map: the table of networks, their checkpoints, and the code that runs them."""
