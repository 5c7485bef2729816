"""MiDaS v2.1, v3.0 and v3.1."""
