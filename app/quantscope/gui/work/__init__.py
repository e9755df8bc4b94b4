"""Jobs: the worker process as the window sees it, and long work of this process in slices."""
