"""Actions, menus, tool bar and palette: what can be asked for, by which keys, and why not now."""
