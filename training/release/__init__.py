"""What ships and what the documents show: weights, ONNX file, curves, contact sheets, portraits."""
