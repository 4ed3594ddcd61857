"""Making a triage model: rows, network, calibration, graph, evaluation. Needs numpy; `onnx` to write the file."""
