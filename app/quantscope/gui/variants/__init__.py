"""Plans side by side: tabs, what differs, and what the open one is compared with."""
