"""Theme, icons, and the widgets that every panel shares."""
