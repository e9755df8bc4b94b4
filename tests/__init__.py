"""Tests mirror the packages. What several tests share is a module here: `from tests.x import y`."""
