"""The window: views, dialogs, actions, and the controller that alone runs commands and jobs.

May import `session`, `jobs.messages` and `core`, and PySide6. Must never reach `engine`, onnx,
onnxruntime or numba, start threads, or block: slow work is a job.
"""
