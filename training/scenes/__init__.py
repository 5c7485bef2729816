"""Random people as triangles with colours."""
