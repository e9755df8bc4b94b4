"""One action of the window, as the table of all of them has it."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.gui.translation import tr


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action: its id, menu text with mnemonic, shortcuts (``|`` between), tip and icon.

    ``values`` are what the places in text and tip stand for.
    """

    key: str
    text: str
    shortcut: str = ""
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    values: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """The menu text in the person's language."""
        return tr(self.text, **dict(self.values))

    @property
    def hint(self) -> str:
        """The tip in the person's language."""
        return tr(self.tip, **dict(self.values))
