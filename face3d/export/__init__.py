"""Models and depth maps as files, pictures and figures."""
