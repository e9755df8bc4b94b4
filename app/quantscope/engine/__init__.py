"""What touches models and data: ONNX files, runs of the network, calibration, Q/DQ export, reports.

May import `core` and third-party packages (onnx, onnxruntime, onnx_ir, numba, Pillow). Must never
import `session`, `jobs`, `cli`, `gui` or Qt. Slow work is a generator that yields typed events.
"""
