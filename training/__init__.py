"""Makes assets/face_depth.safetensors from synthetic faces. Imported by nothing outside this folder but the
tests.
"""
