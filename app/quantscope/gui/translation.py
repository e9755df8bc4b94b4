"""The window's texts in the language of the person who uses it, through Qt's translators.

What `gui` says is written in English in the code, as ``tr("Open a model first")``, and
pyside6-lupdate finds it there. Sentences that `core`, `session` and the worker make are those of
the command line and of reports too, and stay English.

- A sentence with values is one text with named places: ``tr("{file} is written", file=name)``.
- Where a number decides between singular and plural: ``plural("one row", "{n} rows", count)``.
- What stands in a table is marked there and translated where it is shown: ``tr(row.text)``.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from quantscope.bundled import resources_folder
from quantscope.core.wording import count

log = logging.getLogger(__name__)

CONTEXT = ""
"""What pyside6-lupdate notes for texts in calls of functions that are called ``tr``."""


def mark(text: str) -> str:
    """``text`` as it is: for a text in a table, which ``tr`` is given when it is shown."""
    return text


def tr(text: str, **values: object) -> str:
    """``text`` in the person's language, each ``{name}`` being the value of that name."""
    translated = QCoreApplication.translate(CONTEXT, text)
    return _filled(translated, text, values) if values else translated


def plural(one: str, many: str, n: int, **values: object) -> str:
    """``one`` or ``many`` of something in the person's language; ``{n}`` is the number.

    Other languages have their forms by Qt's rules. For Qt, ``one`` is the text and ``many`` its
    disambiguation.
    """
    translated = QCoreApplication.translate(CONTEXT, one, many, n)
    if translated == one and n != 1:
        translated = many
    return _filled(translated, one if n == 1 else many, {"n": count(n), **values})


def _filled(translated: str, text: str, values: dict[str, object]) -> str:
    try:
        return translated.format(**values)
    except (LookupError, ValueError) as error:
        log.info("translation %r of %r is left out: %r", translated, text, error)
        return text.format(**values)


def install_translators(locale: QLocale) -> None:
    """Let the window and Qt's own buttons speak the first language of ``locale`` that we have.

    Without texts of ours Qt's stay English too: no window speaks two languages.
    """
    application = QCoreApplication.instance()
    assert application is not None
    folder = str(resources_folder() / "translations")
    qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for language in locale.uiLanguages():
        name = language.replace("-", "_")
        if name.startswith("en"):
            return
        ours, of_qt = QTranslator(application), QTranslator(application)
        if ours.load(f"quantscope_{name}", folder):
            if of_qt.load(f"qtbase_{name}", qt_folder):
                application.installTranslator(of_qt)
            application.installTranslator(ours)
            return
