"""Where calibration data comes from: pictures, arrays, ONNX test data, noise.

`opening` is the door: it turns a `DataDescription` into a `SampleSource`. May import `core` and
third-party packages; must never run a network, keep more than one sample, or unpickle anything.
"""
