"""What the window remembers between runs: recent files, theme, arrangement, hints."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from quantscope.core.picture.heatmap import Depth
from quantscope.gui.look.theme import ThemeChoice

MOST_RECENT = 8


class Settings:
    """Typed access to QSettings; a value that does not fit reads as its default."""

    def __init__(self, store: QSettings) -> None:
        self._store = store

    @property
    def theme(self) -> ThemeChoice:
        """Light, dark or as the desktop."""
        try:
            return ThemeChoice(str(self._store.value("theme", "system")))
        except ValueError:
            return ThemeChoice.SYSTEM

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._store.setValue("theme", choice.value)

    @property
    def recent(self) -> list[str]:
        """Files opened lately that still exist, newest first."""
        stored = self._store.value("recent", [])
        paths = [stored] if isinstance(stored, str) else stored
        if not isinstance(paths, list):
            return []
        return [str(path) for path in paths if Path(str(path)).is_file()][:MOST_RECENT]

    def note_recent(self, path: str) -> None:
        """Put ``path`` first in the list of recent files."""
        others = [kept for kept in self.recent if kept != path]
        self._store.setValue("recent", [path, *others][:MOST_RECENT])

    def forget_recent(self) -> None:
        """Empty the list of recent files."""
        self._store.remove("recent")

    @property
    def folder(self) -> str:
        """Where the last file was opened."""
        return str(self._store.value("folder", ""))

    @folder.setter
    def folder(self, path: str) -> None:
        self._store.setValue("folder", path)

    @property
    def inspector_tab(self) -> str:
        """The tab of the inspector that was shown last, by the id of its action."""
        return str(self._store.value("inspector/tab", ""))

    @inspector_tab.setter
    def inspector_tab(self, key: str) -> None:
        self._store.setValue("inspector/tab", key)

    @property
    def bars_axis(self) -> Depth:
        """The axis of the inspector's bars; logarithmic at first."""
        try:
            return Depth(str(self._store.value("inspector/axis", Depth.LOGARITHMIC.value)))
        except ValueError:
            return Depth.LOGARITHMIC

    @bars_axis.setter
    def bars_axis(self, depth: Depth) -> None:
        self._store.setValue("inspector/axis", depth.value)

    @property
    def hints(self) -> bool:
        """Whether hints for first use are wanted."""
        return str(self._store.value("hints", "true")).lower() == "true"

    @hints.setter
    def hints(self, wanted: bool) -> None:
        self._store.setValue("hints", "true" if wanted else "false")

    @property
    def given_hints(self) -> frozenset[str]:
        """Those that need not be given again."""
        return frozenset(filter(None, str(self._store.value("hints_given", "")).split(" ")))

    @given_hints.setter
    def given_hints(self, keys: frozenset[str]) -> None:
        self._store.setValue("hints_given", " ".join(sorted(keys)))

    @property
    def picture(self) -> str:
        """What pictures of the ranges show and how wide they are, as their dialog writes it."""
        return str(self._store.value("picture", ""))

    @picture.setter
    def picture(self, text: str) -> None:
        self._store.setValue("picture", text)

    def bytes_of(self, key: str) -> QByteArray:
        """Stored geometry or dock state; empty where there is none."""
        stored = self._store.value(key)
        return stored if isinstance(stored, QByteArray) else QByteArray()

    def keep_bytes(self, key: str, value: QByteArray) -> None:
        """Store geometry or dock state."""
        self._store.setValue(key, value)
