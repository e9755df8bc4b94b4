"""How hypothesis runs here: no deadlines on a shared machine, the same examples on every run."""

from hypothesis import settings

# Derandomized: a failure on one machine is a failure on all. print_blob says how to repeat it.
settings.register_profile("quantscope", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("quantscope")
