"""The assistant: from a photo and its depth map to advice on the model."""
