"""Validation in the window: what to judge by, and what came out of it.

May import what ``gui`` may. `desk` is the door: a feature of the window with a dialog and a dock.
"""
