"""The sub-commands: the same requests as the window's, run inline, and printed.

May import `session`, `jobs` and `core`. Must never import `gui` or Qt: it works where PySide6 is
not installed. The only package that prints.
"""

from quantscope.cli.dispatch import main as main
