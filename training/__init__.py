"""Making a triage model: rows, network, calibration, graph, evaluation. `onnx` only writes the file."""
