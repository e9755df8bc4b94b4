"""What a person edits: the immutable document, undo, named commands, the `.qscope` file.

May import `core`, numpy and the standard library only. Must never reach `engine`, onnx,
onnxruntime or numba, not even indirectly: the window imports this package.
"""
