"""An integer simulation of the exported file's quantized operators, to be held against the runtime.

`comparison` is the door. `reading` finds the operators and their grids in the file, `table` has
one function for each operator, `arithmetic` rounds their exact results, `alone` lets the runtime
run each operator by itself. May import `core`, `runtime` and onnx; must never take a number from
the plan or from the graph being rewritten: what the file holds is what is simulated.
"""
