"""From a depth map to points, meshes and their measurements. Plain arrays; neither torch nor Streamlit."""
