"""Every action of the window as a row of one table, and the menus as nested lists of ids.

To add an action: a row here, its id in a menu, and a method ``do_<id>`` (with ``_`` for ``-``)
on the window or on one of its features; what is on or off in the document is in ``switches``.
The table of shortcuts in the guide is written from this.
"""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.preparation import CHOICES, Choice


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action: its id, menu text with mnemonic, shortcuts (``|`` between), tip and icon."""

    key: str
    text: str
    shortcut: str = ""
    tip: str = ""
    icon: str = ""
    checkable: bool = False


def _preparation_row(choice: Choice) -> ActionRow:
    summary = choice.summary[0].upper() + choice.summary[1:]
    key, text = choice.key.replace("_", "-"), f"&{choice.title}"
    return ActionRow(key, text, tip=f"{summary}. Calibrate again afterwards", checkable=True)


NUMBERED_VARIANTS = tuple(f"variant-{number}" for number in range(1, 10))


def _numbered_row(key: str) -> ActionRow:
    number = key[-1]
    tip = f"Go on with variant {number}, as it was left"
    return ActionRow(key, f"Variant &{number}", f"Ctrl+{number}", tip, checkable=True)


PREPARATION = tuple(key.replace("_", "-") for key in CHOICES)
ACTIONS = (
    ActionRow("open", "&Open…", "Ctrl+O", "Open an ONNX model or a Quantscope session", "open"),
    ActionRow("demo", "Try the &demo", "", "Open the bundled network with its pictures"),
    ActionRow("save", "&Save session", "Ctrl+S", "Keep model, data, statistics and types", "save"),
    ActionRow("save-as", "Save session &as…", "Ctrl+Shift+S", "Keep the session in another file"),
    ActionRow(
        "validate",
        "&Validate…",
        "F7",
        "Judge float and quantized networks by labelled data",
        "validate",
    ),
    ActionRow(
        "export", "&Export…", "Ctrl+E", "Write the quantized ONNX model and verify it", "export"
    ),
    ActionRow(
        "types", "Export &types…", "Ctrl+Shift+T", "Write the types in another tool's format"
    ),
    ActionRow("report", "&Report…", "Ctrl+Shift+R", "All that is known of it, as one HTML page"),
    ActionRow("statistics", "&Statistics…", "", "A row for each tensor, as CSV or JSON"),
    ActionRow("picture", "&Picture…", "", "The whole heat map as PNG or SVG"),
    ActionRow("copy-picture", "Copy &picture", "Ctrl+Shift+X", "Table and heat map in sight"),
    ActionRow("locate-model", "Locate &model…", "", "Say where the session's model is now"),
    ActionRow("locate-data", "&Locate data…", "", "Say where the session's data is now"),
    ActionRow("quit", "&Quit", "Ctrl+Q", "Close the window"),
    ActionRow("undo", "&Undo", "Ctrl+Z", "Take back the last edit", "undo"),
    ActionRow("redo", "&Redo", "Ctrl+Shift+Z", "Do again what was taken back", "redo"),
    ActionRow("select-all", "Select &all rows", "Ctrl+A", "Let edits change every row in sight"),
    ActionRow("data", "&Data…", "Ctrl+D", "Choose what to calibrate with", "data"),
    ActionRow("calibrate", "&Calibrate", "F5", "Run the data through the network", "calibrate"),
    *(_preparation_row(choice) for choice in CHOICES.values()),
    ActionRow("cancel", "Sto&p", "Ctrl+.", "Stop the job under way", "cancel"),
    ActionRow(
        "correct-bias",
        "C&orrect biases",
        tip="Let the export take the mean error of each layer out of its bias",
        checkable=True,
    ),
    ActionRow(
        "compensate",
        "Compensate weig&ht rounding",
        tip="Let the export round each weight so that it makes up for those before it",
        checkable=True,
    ),
    ActionRow(
        "unsigned",
        "&Unsigned where possible",
        tip="Give tensors without negative values one bit more, where the target allows it",
        checkable=True,
    ),
    ActionRow(
        "integer-ports",
        "&Integer inputs and outputs",
        tip="Let the exported network take and give integers instead of float",
        checkable=True,
    ),
    ActionRow("larger", "Move band to &larger values", "Alt+Left", "One bit to the left"),
    ActionRow("smaller", "Move band to &smaller values", "Alt+Right", "One bit to the right"),
    ActionRow("longer", "Lo&nger word", "Alt+Shift+Right", "More bits, same range"),
    ActionRow("shorter", "S&horter word", "Alt+Shift+Left", "Fewer bits, same range"),
    ActionRow(
        "wider", "W&ider range", "Alt+Shift+Up", "The upper edge of the band to larger values"
    ),
    ActionRow(
        "narrower",
        "Narrower rang&e",
        "Alt+Shift+Down",
        "The upper edge of the band to smaller values",
    ),
    ActionRow(
        "worst",
        "Go to &worst SQNR",
        "Ctrl+G",
        "Select the tensor with the lowest SQNR; again: the next lowest",
    ),
    ActionRow("reset", "&Reset to scheme", "Ctrl+R|Del", "Follow the scheme again"),
    ActionRow("reset-all", "Reset a&ll to scheme", "", "Let every tensor follow the scheme"),
    ActionRow("toggle-layer", "&Quantize layer", "Ctrl+K", "Run the layer in integers or in float"),
    ActionRow(
        "wide",
        "16-&bit activations",
        "Ctrl+B",
        "Let the layer read activations of 16 bits",
        checkable=True,
    ),
    ActionRow(
        "measure",
        "&Measure layers",
        "F6",
        "Measure what each layer's rounding costs the network's output",
    ),
    ActionRow(
        "goal",
        "Accuracy &goal",
        "Ctrl+Shift+G",
        "Find the cheapest mix of 8 bits, 16 bits and float that keeps enough accuracy",
    ),
    ActionRow(
        "diagnosis",
        "&Layers by cost",
        "Ctrl+Shift+D",
        "Show which layers cost accuracy, and what would help",
    ),
    ActionRow(
        "costs",
        "&Costs to run",
        "Ctrl+Shift+M",
        "Show parameters, memory and multiplications of each layer",
    ),
    ActionRow(
        "check", "Chec&k target", "Ctrl+Shift+K", "List what the target will not take, and why"
    ),
    ActionRow("network", "&Network…", "Ctrl+I", "What was prepared, and what stays float"),
    ActionRow("expand", "&Expand all layers", "Ctrl+Shift+E", "Show every tensor"),
    ActionRow("collapse", "&Collapse all layers", "Ctrl+Shift+C", "Show one row for each layer"),
    ActionRow(
        "new-variant", "&New variant", "Ctrl+Shift+N", "Keep this variant and go on with a copy"
    ),
    ActionRow("rename-variant", "&Rename variant…", "F2", "Give the open variant another name"),
    ActionRow("delete-variant", "&Delete variant", "", "Forget the open variant"),
    ActionRow("next-variant", "Ne&xt variant", "Ctrl+PgDown", "Go on with the next variant"),
    ActionRow(
        "previous-variant", "&Previous variant", "Ctrl+PgUp", "Go on with the variant before"
    ),
    *(_numbered_row(key) for key in NUMBERED_VARIANTS),
    ActionRow(
        "compare-next",
        "&Compare with next",
        "F8",
        "Hold the next variant, or what was before the preparation, against the open one",
    ),
    ActionRow(
        "swap",
        "Show &other on the map",
        "F9",
        "Change the heat map between the open variant and what it is compared with",
        checkable=True,
    ),
    ActionRow(
        "variants", "&What differs", "Ctrl+Shift+V", "List the variants, and what they do otherwise"
    ),
    ActionRow("find", "&Find rows…", "Ctrl+F", "Type what a tensor, layer or operator is called"),
    ActionRow(
        "only-problems",
        "Only &problems",
        "Ctrl+Shift+F",
        "Show tensors with a large error, with overflow or with a forbidden type",
        checkable=True,
    ),
    ActionRow(
        "by-layer", "&Group by layer", "Ctrl+Shift+L", "Tensors below their layer", checkable=True
    ),
    ActionRow("sort-network", "&Network order", "", "As data flows", checkable=True),
    ActionRow("sort-sqnr", "&Worst SQNR first", "", "Largest error on top", checkable=True),
    ActionRow("sort-overflow", "Most &overflow first", "", "What saturates on top", checkable=True),
    ActionRow("sort-name", "&By name", "", "Layers by their name", checkable=True),
    ActionRow("depth", "&Logarithmic depth", "Ctrl+L", "Make rare values visible", checkable=True),
    ActionRow("theme-system", "As the &system", "", "Follow the desktop", checkable=True),
    ActionRow("theme-light", "&Light", "", "Dark on light", checkable=True),
    ActionRow("theme-dark", "&Dark", "", "Light on dark", checkable=True),
    ActionRow("reset-layout", "&Usual layout", "", "Put panels and columns as they were at first"),
    ActionRow("palette", "&Find an action…", "Ctrl+Shift+P", "Run any action by its name"),
    ActionRow("guide", "&Guide", "F1", "What the guide says about where you are"),
    ActionRow(
        "explain", "&What am I looking at?", "Shift+F1", "The heat map's colours and signs in words"
    ),
    ActionRow("shortcuts", "&Keyboard shortcuts", "Ctrl+F1", "Every action that has a key"),
    ActionRow("hints", "&Hints", "", "Say once what helps, when it first helps", checkable=True),
    ActionRow("about", "&About Quantscope", "", "Version and licence"),
)

SEPARATOR = "-"
Menu = tuple[str, tuple[object, ...]]
MENUS: tuple[Menu, ...] = (
    (
        "&File",
        (
            "open",
            ("Open &recent", ("recent",)),
            "demo",
            SEPARATOR,
            "save",
            "save-as",
            SEPARATOR,
            "locate-model",
            "locate-data",
            SEPARATOR,
            "export",
            "types",
            ("&Write what is known", ("report", "statistics", "picture")),
            SEPARATOR,
            "quit",
        ),
    ),
    ("&Edit", ("undo", "redo", SEPARATOR, "select-all", "copy-picture")),
    (
        "&Network",
        (
            "data",
            "calibrate",
            "validate",
            "cancel",
            SEPARATOR,
            *PREPARATION,
            SEPARATOR,
            ("&Target", ("choice:target",)),
            ("&Scheme", ("choice:scheme",)),
            ("&Word length", ("choice:word",)),
            ("Wei&ght word length", ("choice:weights",)),
            ("&Bias word length", ("choice:bias",)),
            ("&Quantize only", ("operators",)),
            "unsigned",
            "integer-ports",
            SEPARATOR,
            "compensate",
            "correct-bias",
            SEPARATOR,
            "reset-all",
            "check",
            "network",
        ),
    ),
    ("&Diagnosis", ("measure", "diagnosis", "goal", "costs")),
    (
        "V&ariants",
        (
            "new-variant",
            "rename-variant",
            "delete-variant",
            SEPARATOR,
            "next-variant",
            "previous-variant",
            ("&Switch to", NUMBERED_VARIANTS),
            SEPARATOR,
            "compare-next",
            "swap",
            "variants",
        ),
    ),
    (
        "&Tensor",
        (
            "worst",
            SEPARATOR,
            "larger",
            "smaller",
            "longer",
            "shorter",
            "wider",
            "narrower",
            SEPARATOR,
            "reset",
            SEPARATOR,
            "toggle-layer",
            "wide",
        ),
    ),
    (
        "&View",
        (
            "find",
            "only-problems",
            "by-layer",
            ("&Sort rows", ("sort-network", "sort-sqnr", "sort-overflow", "sort-name")),
            SEPARATOR,
            "expand",
            "collapse",
            "depth",
            SEPARATOR,
            ("&Theme", ("theme-system", "theme-light", "theme-dark")),
            SEPARATOR,
            "reset-layout",
            "panels",
        ),
    ),
    (
        "&Help",
        (
            "guide",
            "explain",
            "shortcuts",
            "palette",
            SEPARATOR,
            "hints",
            SEPARATOR,
            "about",
        ),
    ),
)
SWITCHED = frozenset({*PREPARATION, "compensate", "unsigned", "integer-ports", "correct-bias"})
"""Actions that :mod:`quantscope.gui.menus.switches` follows, and not the window."""
HANDLED = SWITCHED | frozenset(NUMBERED_VARIANTS)
"""Actions without a method of their own: whoever makes them connects them."""
TOOLS = ("open", "data", "calibrate", "choices", "validate", "export", SEPARATOR, "undo", "redo")
