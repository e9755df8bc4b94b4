"""The actions that change what is on the screen, and those that help: rows of the one table."""

from __future__ import annotations

from quantscope.gui.menus.action_row import ActionRow
from quantscope.gui.translation import mark

VIEW_ACTIONS = (
    ActionRow(
        "find",
        mark("&Find rows…"),
        "Ctrl+F",
        mark("Type what a tensor, layer or operator is called"),
    ),
    ActionRow(
        "only-problems",
        mark("Only &problems"),
        "Ctrl+Shift+F",
        mark("Show tensors with a large error, with overflow or with a forbidden type"),
        checkable=True,
    ),
    ActionRow(
        "by-layer",
        mark("&Group by layer"),
        "Ctrl+Shift+L",
        mark("Tensors below their layer"),
        checkable=True,
    ),
    ActionRow("sort-network", mark("&Network order"), "", mark("As data flows"), checkable=True),
    ActionRow(
        "sort-sqnr", mark("&Worst SQNR first"), "", mark("Largest error on top"), checkable=True
    ),
    ActionRow(
        "sort-overflow",
        mark("Most &overflow first"),
        "",
        mark("What saturates on top"),
        checkable=True,
    ),
    ActionRow("sort-name", mark("&By name"), "", mark("Layers by their name"), checkable=True),
    ActionRow(
        "depth",
        mark("&Logarithmic depth"),
        "Ctrl+L",
        mark("Make rare values visible"),
        checkable=True,
    ),
    ActionRow(
        "inspect-histogram", mark("&Histogram"), "Alt+1", mark("How many values use which bit")
    ),
    ActionRow(
        "inspect-type",
        mark("&Type"),
        "Alt+2",
        mark("Edit the type, with its errors before and now"),
    ),
    ActionRow("inspect-words", mark("&Words"), "Alt+3", mark("Sample values as binary words")),
    ActionRow(
        "inspect-channels",
        mark("&Channels"),
        "Alt+4",
        mark("Each channel's bits; outliers marked"),
    ),
    ActionRow(
        "inspect-integers", mark("&Integers"), "Alt+5", mark("What the exported file will hold")
    ),
    ActionRow(
        "theme-system", mark("As the &system"), "", mark("Follow the desktop"), checkable=True
    ),
    ActionRow("theme-light", mark("&Light"), "", mark("Dark on light"), checkable=True),
    ActionRow("theme-dark", mark("&Dark"), "", mark("Light on dark"), checkable=True),
    ActionRow(
        "reset-layout",
        mark("&Usual layout"),
        "",
        mark("Put panels and columns as they were at first"),
    ),
    ActionRow(
        "palette", mark("&Find an action…"), "Ctrl+Shift+P", mark("Run any action by its name")
    ),
    ActionRow("guide", mark("&Guide"), "F1", mark("What the guide says about where you are")),
    ActionRow(
        "explain",
        mark("&What am I looking at?"),
        mark("Shift+F1"),
        mark("The heat map's colours and signs in words"),
    ),
    ActionRow(
        "shortcuts", mark("&Keyboard shortcuts"), "Ctrl+F1", mark("Every action that has a key")
    ),
    ActionRow(
        "hints",
        mark("&Hints"),
        "",
        mark("Say once what helps, when it first helps"),
        checkable=True,
    ),
    ActionRow("about", mark("&About Quantscope"), "", mark("Version and licence")),
)
