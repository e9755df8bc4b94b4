"""Every action of the window as a row of one table.

To add an action: a row here, its id in a menu (``menu_bar``), and a method ``do_<id>`` (with ``_``
for ``-``) on the window or on one of its features; what is on or off in the document is in
``switches``.
The table of shortcuts in the guide is written from this.
"""

from __future__ import annotations

from quantscope.core.networks.preparation import CHOICES, Choice
from quantscope.gui.menus.action_row import ActionRow
from quantscope.gui.menus.view_table import VIEW_ACTIONS
from quantscope.gui.translation import mark


def _preparation_row(choice: Choice) -> ActionRow:
    summary = choice.summary[0].upper() + choice.summary[1:]
    return ActionRow(
        choice.key.replace("_", "-"),
        f"&{choice.title}",
        tip=mark("{summary}. Calibrate again afterwards"),
        checkable=True,
        values=(("summary", summary),),
    )


INSPECTOR = tuple(
    f"inspect-{tab}" for tab in ("histogram", "type", "words", "channels", "integers")
)
"""The tabs of the inspector, in their order."""
NUMBERED_VARIANTS = tuple(f"variant-{number}" for number in range(1, 10))


def _numbered_row(key: str) -> ActionRow:
    number = key[-1]
    return ActionRow(
        key,
        mark("Variant &{number}"),
        f"Ctrl+{number}",
        mark("Go on with variant {number}, as it was left"),
        checkable=True,
        values=(("number", number),),
    )


PREPARATION = tuple(key.replace("_", "-") for key in CHOICES)
ACTIONS = (
    ActionRow(
        "open", mark("&Open…"), "Ctrl+O", mark("Open an ONNX model or a Quantscope session"), "open"
    ),
    ActionRow(
        "demo", mark("Try the &demo"), "", mark("Open the bundled network with its pictures")
    ),
    ActionRow(
        "save",
        mark("&Save session"),
        "Ctrl+S",
        mark("Keep model, data, statistics and types"),
        "save",
    ),
    ActionRow(
        "save-as",
        mark("Save session &as…"),
        "Ctrl+Shift+S",
        mark("Keep the session in another file"),
    ),
    ActionRow(
        "validate",
        mark("&Validate…"),
        "F7",
        mark("Judge float and quantized networks by labelled data"),
        "validate",
    ),
    ActionRow(
        "export",
        mark("&Export…"),
        "Ctrl+E",
        mark("Write the quantized ONNX model and verify it"),
        "export",
    ),
    ActionRow(
        "types",
        mark("Export &types…"),
        "Ctrl+Shift+T",
        mark("Write the types in another tool's format"),
    ),
    ActionRow(
        "report",
        mark("&Report…"),
        "Ctrl+Shift+R",
        mark("All that is known of it, as one HTML page"),
    ),
    ActionRow(
        "statistics", mark("&Statistics…"), "", mark("A row for each tensor, as CSV or JSON")
    ),
    ActionRow("picture", mark("&Picture…"), "", mark("The heat map at any size, as PNG or SVG")),
    ActionRow(
        "copy-picture",
        mark("Copy &picture"),
        "Ctrl+Shift+X",
        mark("The heat map for other programs"),
    ),
    ActionRow(
        "locate-model", mark("Locate &model…"), "", mark("Say where the session's model is now")
    ),
    ActionRow(
        "locate-data", mark("&Locate data…"), "", mark("Say where the session's data is now")
    ),
    ActionRow("quit", mark("&Quit"), "Ctrl+Q", mark("Close the window")),
    ActionRow("undo", mark("&Undo"), "Ctrl+Z", mark("Take back the last edit"), "undo"),
    ActionRow("redo", mark("&Redo"), "Ctrl+Shift+Z", mark("Do again what was taken back"), "redo"),
    ActionRow(
        "select-all",
        mark("Select &all rows"),
        "Ctrl+A",
        mark("Let edits change every row in sight"),
    ),
    ActionRow(
        "copy-rows",
        mark("&Copy rows"),
        "Ctrl+C",
        mark("All columns of the selected rows, as text"),
    ),
    ActionRow("data", mark("&Data…"), "Ctrl+D", mark("Choose what to calibrate with"), "data"),
    ActionRow(
        "calibrate", mark("&Calibrate"), "F5", mark("Run the data through the network"), "calibrate"
    ),
    ActionRow(
        "pause",
        mark("&Pause"),
        "Ctrl+P",
        mark("Stop calibrating and keep what is counted"),
        "pause",
    ),
    ActionRow(
        "resume",
        mark("&Resume"),
        "Shift+F5",
        mark("Calibrate with the samples that are not counted yet"),
    ),
    ActionRow(
        "add-samples",
        mark("&Add samples…"),
        "Ctrl+Shift+A",
        mark("Calibrate with more samples, besides those that are counted"),
    ),
    ActionRow(
        "merge",
        mark("&Merge statistics…"),
        "Ctrl+M",
        mark("Put the samples of another session to those that are counted"),
    ),
    ActionRow(
        "convergence",
        mark("Con&vergence"),
        "Ctrl+Shift+H",
        mark("Show how much ranges still move with every sample"),
    ),
    *(_preparation_row(choice) for choice in CHOICES.values()),
    ActionRow("cancel", mark("Sto&p"), "Ctrl+.", mark("Stop the job under way"), "cancel"),
    ActionRow(
        "correct-bias",
        mark("C&orrect biases"),
        tip=mark("Let the export take the mean error of each layer out of its bias"),
        checkable=True,
    ),
    ActionRow(
        "compensate",
        mark("Compensate weig&ht rounding"),
        tip=mark("Let the export round each weight so that it makes up for those before it"),
        checkable=True,
    ),
    ActionRow(
        "unsigned",
        mark("&Unsigned where possible"),
        tip=mark("Give tensors without negative values one bit more, where the target allows it"),
        checkable=True,
    ),
    ActionRow(
        "integer-ports",
        mark("&Integer inputs and outputs"),
        tip=mark("Let the exported network take and give integers instead of float"),
        checkable=True,
    ),
    ActionRow(
        "larger", mark("Move band to &larger values"), "Alt+Left", mark("One bit to the left")
    ),
    ActionRow(
        "smaller", mark("Move band to &smaller values"), "Alt+Right", mark("One bit to the right")
    ),
    ActionRow("longer", mark("Lo&nger word"), "Alt+Shift+Right", mark("More bits, same range")),
    ActionRow("shorter", mark("S&horter word"), "Alt+Shift+Left", mark("Fewer bits, same range")),
    ActionRow(
        "wider",
        mark("W&ider range"),
        "Alt+Shift+Up",
        mark("The upper edge of the band to larger values"),
    ),
    ActionRow(
        "narrower",
        mark("Narrower rang&e"),
        "Alt+Shift+Down",
        mark("The upper edge of the band to smaller values"),
    ),
    ActionRow(
        "worst",
        mark("Go to &worst SQNR"),
        "Ctrl+G",
        mark("Select the tensor with the lowest SQNR; again: the next lowest"),
    ),
    ActionRow("reset", mark("&Reset to scheme"), "Ctrl+R|Del", mark("Follow the scheme again")),
    ActionRow(
        "reset-all", mark("Reset a&ll to scheme"), "", mark("Let every tensor follow the scheme")
    ),
    ActionRow(
        "toggle-layer",
        mark("&Quantize layer"),
        "Ctrl+K",
        mark("Run the layer in integers or in float"),
    ),
    ActionRow(
        "wide",
        mark("16-&bit activations"),
        "Ctrl+B",
        mark("Let the layer read activations of 16 bits"),
        checkable=True,
    ),
    ActionRow(
        "measure",
        mark("&Measure layers"),
        "F6",
        mark("Measure what each layer's rounding costs the network's output"),
    ),
    ActionRow(
        "goal",
        mark("Accuracy &goal"),
        "Ctrl+Shift+G",
        mark("Find the cheapest mix of 8 bits, 16 bits and float that keeps enough accuracy"),
    ),
    ActionRow(
        "diagnosis",
        mark("&Layers by cost"),
        "Ctrl+Shift+D",
        mark("Show which layers cost accuracy, and what would help"),
    ),
    ActionRow(
        "costs",
        mark("&Costs to run"),
        "Ctrl+Shift+M",
        mark("Show parameters, memory and multiplications of each layer"),
    ),
    ActionRow(
        "check",
        mark("Chec&k target"),
        "Ctrl+Shift+K",
        mark("List what the target will not take, and why"),
    ),
    ActionRow(
        "network", mark("&Network…"), "Ctrl+I", mark("What was prepared, and what stays float")
    ),
    ActionRow("expand", mark("&Expand all layers"), "Ctrl+Shift+E", mark("Show every tensor")),
    ActionRow(
        "collapse",
        mark("&Collapse all layers"),
        "Ctrl+Shift+C",
        mark("Show one row for each layer"),
    ),
    ActionRow(
        "new-variant",
        mark("&New variant"),
        "Ctrl+Shift+N",
        mark("Keep this variant and go on with a copy"),
    ),
    ActionRow(
        "rename-variant", mark("&Rename variant…"), "F2", mark("Give the open variant another name")
    ),
    ActionRow("delete-variant", mark("&Delete variant"), "", mark("Forget the open variant")),
    ActionRow(
        "next-variant", mark("Ne&xt variant"), "Ctrl+PgDown", mark("Go on with the next variant")
    ),
    ActionRow(
        "previous-variant",
        mark("&Previous variant"),
        "Ctrl+PgUp",
        mark("Go on with the variant before"),
    ),
    *(_numbered_row(key) for key in NUMBERED_VARIANTS),
    ActionRow(
        "compare-next",
        mark("&Compare with next"),
        "F8",
        mark("Hold the next variant, or what was before the preparation, against the open one"),
    ),
    ActionRow(
        "swap",
        mark("Show &other on the map"),
        "F9",
        mark("Change the heat map between the open variant and what it is compared with"),
        checkable=True,
    ),
    ActionRow(
        "variants",
        mark("&What differs"),
        "Ctrl+Shift+V",
        mark("List the variants, and what they do otherwise"),
    ),
    *VIEW_ACTIONS,
)

SWITCHED = frozenset({*PREPARATION, "compensate", "unsigned", "integer-ports", "correct-bias"})
"""Actions that :mod:`quantscope.gui.menus.switches` follows, and not the window."""
HANDLED = SWITCHED | frozenset(NUMBERED_VARIANTS)
"""Actions without a method of their own: whoever makes them connects them."""
