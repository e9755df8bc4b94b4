"""Which pages the bundled guide has, and which of them says more about what.

A page is a Markdown file in ``resources/guide``; a link to a heading is ``page#heading`` with the
heading in small letters and ``-`` between its words.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from quantscope.bundled import bundled_path
from quantscope.gui.help.shortcuts import places, plain
from quantscope.jobs import messages

FIRST_PAGE = "first-steps"
ORDER = (
    "first-steps",
    "heat-map",
    "inspector",
    "types-and-targets",
    "variants",
    "data",
    "accuracy-recovery",
    "diagnosis",
    "validation",
    "sessions",
    "keyboard",
    "command-line",
    "python",
    "operators",
)
PAGE_OF_MENU = {
    "File": "sessions",
    "Edit": "sessions",
    "Network": "types-and-targets",
    "Diagnosis": "diagnosis",
    "Variants": "variants",
    "Tensor": "types-and-targets",
    "View": "heat-map",
    "Help": "first-steps",
}
PAGE_OF_ACTION = {
    "open": "first-steps#open-a-network",
    "demo": "first-steps",
    "export": "first-steps#export",
    "types": "types-and-targets#types-for-other-tools",
    "locate-model": "sessions#when-files-have-moved",
    "locate-data": "sessions#when-files-have-moved",
    "undo": "first-steps#change-types",
    "redo": "first-steps#change-types",
    "data": "data",
    "calibrate": "first-steps#calibrate",
    "cancel": "first-steps#calibrate",
    "pause": "data#pause-and-resume",
    "resume": "data#pause-and-resume",
    "add-samples": "data#more-samples-later",
    "convergence": "data#how-many-samples",
    "merge": "data#statistics-of-several-runs",
    "validate": "validation",
    "equalize": "accuracy-recovery#equalization",
    "replace-relu6": "accuracy-recovery#equalization",
    "absorb-biases": "accuracy-recovery#equalization",
    "migrate": "accuracy-recovery#migration",
    "correct-bias": "accuracy-recovery#bias-correction",
    "compensate": "accuracy-recovery#compensated-rounding",
    "unsigned": "types-and-targets#signed-and-unsigned",
    "integer-ports": "types-and-targets#integer-inputs-and-outputs",
    "toggle-layer": "accuracy-recovery#layers-in-float",
    "wide": "accuracy-recovery#16-bit-activations",
    "worst": "diagnosis#the-worst-tensor",
    "measure": "diagnosis#measure-layers",
    "diagnosis": "diagnosis#measure-layers",
    "goal": "diagnosis#accuracy-goal",
    "costs": "diagnosis#costs-to-run",
    "check": "types-and-targets#check-the-target",
    "palette": "keyboard",
    "shortcuts": "keyboard",
    "explain": "heat-map",
    "inspect-histogram": "inspector#histogram",
    "inspect-type": "inspector#type",
    "inspect-words": "inspector#words",
    "inspect-channels": "inspector#channels",
    "inspect-integers": "inspector#integers",
}
PAGE_OF_REQUEST: dict[type, str] = {
    messages.Describe: "first-steps#open-a-network",
    messages.CheckData: "data#when-data-does-not-fit",
    messages.Calibrate: "data#when-data-does-not-fit",
    messages.Merge: "data#statistics-of-several-runs",
    messages.CountChannels: "data#when-data-does-not-fit",
    messages.Export: "first-steps#export",
    messages.MeasureSensitivity: "diagnosis#measure-layers",
    messages.FindMix: "diagnosis#accuracy-goal",
    messages.Validate: "validation",
    messages.WriteFile: "sessions",
}


@cache
def guide_folder() -> Path:
    """Where the pages lie."""
    return bundled_path("guide")


@cache
def pages() -> dict[str, str]:
    """Titles of the pages by name, in reading order."""
    files = {path.stem: path for path in guide_folder().glob("*.md")}
    names = [name for name in ORDER if name in files] + sorted(files.keys() - set(ORDER))
    return {name: _title(files[name]) for name in names}


def text_of(name: str) -> str:
    """A page as it is written."""
    return (guide_folder() / f"{name}.md").read_text(encoding="utf-8")


def _title(file: Path) -> str:
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip()


def page_of_action(key: str) -> str:
    """The page about an action of the table."""
    if key in PAGE_OF_ACTION:
        return PAGE_OF_ACTION[key]
    place = next((place for place in places() if place.key == key), None)
    return PAGE_OF_MENU.get(plain(place.menus[0]), FIRST_PAGE) if place else FIRST_PAGE


def page_of_failure(request: object) -> str:
    """The page about what a job did when it failed; empty where none fits."""
    return PAGE_OF_REQUEST.get(type(request), "")


def heading_name(heading: str) -> str:
    """How a link names a heading."""
    return "-".join(re.findall(r"\w+", heading.casefold()))
