"""The recipe: the settings of a plan as JSON, for people to keep and for us to take back."""

from __future__ import annotations

import json
from dataclasses import dataclass

from quantscope.core.codec import decode, encode
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS

FORMAT = "quantscope recipe"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings, and the fingerprint of the prepared network that they were made for."""

    fingerprint: str
    settings: PlanSettings


def write_recipe(network: Network, plan: Plan) -> str:
    """The settings of ``plan``; the types that followed from them stand beside, to be read."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "network": network.name,
        "fingerprint": network.fingerprint,
        "settings": encode(plan.settings),
        "types": {name: kind.label() for name, kind in plan.types.items()},
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def read_recipe(text: str, where: str) -> Recipe:
    """The recipe in ``text``; :class:`QuantscopeError` (naming ``where``) if it is none."""
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise _no_recipe(where, "it is not a recipe of this program")
        if document.get("version") != VERSION:
            raise _no_recipe(where, "another version of this program wrote it")
        settings: PlanSettings = decode(PlanSettings, document["settings"])
        fingerprint = str(document["fingerprint"])
    except (ValueError, KeyError, TypeError):
        raise _no_recipe(where, "its text is damaged") from None
    if settings.target not in TARGETS:
        raise _no_recipe(where, f"it is for the target {settings.target!r}, not known here")
    return Recipe(fingerprint=fingerprint, settings=settings)


def _no_recipe(where: str, what: str) -> QuantscopeError:
    return QuantscopeError(what, where=where, remedy="Write one with quantscope types")
