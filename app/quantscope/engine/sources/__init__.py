"""Where calibration data comes from: pictures, recordings, arrays, tables, test data, noise.

`opening` is the door: it turns a `DataDescription` into a `SampleSource`. May import `core` and
third-party packages; must never run a network, hold all samples in memory, or unpickle anything.
"""
