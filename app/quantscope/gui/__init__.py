"""The window: views, dialogs, actions, and the controller that alone runs commands and jobs.

May import `session`, `jobs.messages` and `core`, PySide6 and pyqtgraph (PySide6 first). Must never
reach `engine`, onnx, onnxruntime or numba, start threads, or block: slow work is a job.
"""
