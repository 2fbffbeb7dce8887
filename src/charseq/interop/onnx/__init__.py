"""ONNX: one graph with the whole search inside, which runs without PyTorch."""
