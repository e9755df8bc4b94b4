"""What the window shows of every tensor, read from the session and kept until it changes.

Views ask for one tensor at a time, when it comes into sight; nothing is computed for rows that
nobody sees. A preview (a band being dragged) stands in front of the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.histogram import BIT_COUNT, LOWEST_BIT
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.events import BitCounts
from quantscope.core.networks.look_only import LOOK_ONLY
from quantscope.core.networks.migration import Migration
from quantscope.core.networks.network import LayerKind, Network, Role
from quantscope.core.numbers.formats import ACCUMULATOR_BITS, DataType
from quantscope.core.picture.heatmap import BitAxis, Counts, HeatRow, fit_axis
from quantscope.core.planning.placement import Placement, TieGroup
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.prediction import PredictedError
from quantscope.core.planning.schemes import Family
from quantscope.core.planning.shared import Planner
from quantscope.core.planning.targets import TARGETS, Target
from quantscope.gui import wording
from quantscope.gui.ranges.predictions import Predictions
from quantscope.gui.translation import tr
from quantscope.gui.variants.compared import Compared
from quantscope.session.session import Session


class Readings:
    """Facts about tensors and layers by name.

    Invariant: every kept value belongs to the session as of the last :meth:`refresh`.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.preview: Mapping[str, DataType] = {}
        self._live: Mapping[str, BitCounts] = {}
        self._counts: dict[str, Counts] = {}
        self._used: Counts | None = None
        self.predictions: Predictions | None = None
        self._calibration: Calibration | None = None
        self._plan: Plan | None = None
        self._placement: Placement | None = None
        self._planner = Planner()  # places networks that are not calibrated
        self._groups: dict[str, TieGroup] = {}
        self._searched: tuple[Network | None, dict[str, str]] = (None, {})
        self._kinds_of: tuple[Plan | None, dict[DataType, None]] = (None, {})

    def foresee(self, session: Session) -> None:
        """Work out beforehand what takes long of a session that :meth:`refresh` will be given."""
        if session.plan() is None and session.network is not None:
            self._planner.place(session.network, session.document.settings)

    def refresh(self, session: Session) -> None:
        """Read ``session`` anew; keeps what still belongs to it."""
        self.session = session
        self._plan = session.plan()
        if session.calibration is not self._calibration:
            self._calibration = session.calibration
            kept = self._calibration
            self.predictions = Predictions(kept) if kept is not None else None
            self._counts.clear()
            self._used = None
        self._place()

    def _place(self) -> None:
        network, before = self.session.network, self._placement
        self._placement = None
        if self._plan is not None:
            self._placement = self._plan.placement
        elif network is not None:
            self._placement = self._planner.place(network, self.session.document.settings)
        if self._placement is not before:
            groups = self._placement.groups if self._placement else ()
            self._groups = {name: group for group in groups for name in group.members}

    def show_live(self, counts: Mapping[str, BitCounts]) -> None:
        """Show the counts of a calibration that still runs; ``{}`` ends it."""
        self._live = counts
        self._counts.clear()

    # ---- the network

    @property
    def network(self) -> Network | None:
        """The prepared network, if one is open."""
        return self.session.network

    def searched_text(self, tensor: str) -> str:
        """What a filter looks through, case folded: names of tensor and layer, and its operator."""
        network = self.network
        assert network is not None
        if self._searched[0] is not network:
            self._searched = network, {}
        texts = self._searched[1]
        if tensor not in texts:
            layer = network.layer_of(tensor)
            shown = wording.full_name(network.tensors[tensor], layer)
            texts[tensor] = f"{tensor} {layer.name} {layer.operator} {shown}".casefold()
        return texts[tensor]

    @property
    def target(self) -> Target:
        """What the plan is for."""
        return TARGETS[self.session.document.settings.target]

    @property
    def is_look_only(self) -> bool:
        """Whether the network is quantized already, so that nothing of it can be changed."""
        return self.network is not None and self.network.file_types is not None

    @property
    def has_counts(self) -> bool:
        """Whether there is anything to see in the heat map."""
        return bool(self._live) or self._calibration is not None

    def is_layer_quantized(self, layer: str) -> bool:
        """Whether ``layer`` runs in integers."""
        return self._placement is not None and layer in self._placement.layers

    def is_layer_wanted(self, layer: str) -> bool:
        """Whether a person left ``layer`` to be quantized."""
        return layer not in self.session.document.settings.float_layers

    def reason(self, name: str) -> str:
        """Why a layer or tensor stays float; empty where it does not."""
        return self._placement.reasons.get(name, "") if self._placement else ""

    def note(self, layer: str) -> str:
        """What the plan adjusted in ``layer``."""
        return self._plan.notes.get(layer, "") if self._plan else ""

    def can_be_integer(self, layer: str) -> bool:
        """Whether the check box of ``layer`` means anything."""
        return bool(self.possible_integers([layer]))

    def possible_integers(self, layers: Iterable[str]) -> list[str]:
        """Those of ``layers`` that may run in integers, in their order in the network."""
        network = None if self.is_look_only else self.network
        named, kinds = frozenset(layers), (LayerKind.INPUT, LayerKind.FLOAT)
        known = network.layers if network else ()
        found = [each for each in known if each.name in named]
        return [each.name for each in found if each.kind not in kinds and not each.reason]

    @property
    def migration(self) -> Migration:
        """The divisors of channels that calibration found for the network as it is."""
        network, kept = self.network, self._calibration
        fits = network is not None and kept is not None and network.fingerprint == kept.fingerprint
        return kept.migration if kept is not None and fits else {}

    # ---- one tensor

    def name_of(self, tensor: str) -> str:
        """``conv1 weights``."""
        network = self.network
        assert network is not None
        return wording.full_name(network.tensors[tensor], network.layer_of(tensor))

    def layer_label(self, tensor: str) -> str:
        """The label of the layer that ``tensor`` is shown under."""
        assert self.network is not None
        return self.network.layer_of(tensor).label

    def statistics(self, tensor: str) -> TensorStatistics | None:
        """The statistics of ``tensor``, where a calibration has them."""
        return self._calibration.statistics.get(tensor) if self._calibration else None

    def counts(self, tensor: str) -> Counts | None:
        """Counts by sign and bit position, (2, 261): live ones while a calibration runs."""
        if tensor in self._counts:
            return self._counts[tensor]
        live = self._live.get(tensor)
        statistics = self.statistics(tensor)
        if live is not None:
            found = live.table()
        elif statistics is not None and not self._live:
            found = statistics.histogram.most_significant_bits()
        else:
            return None
        self._counts[tensor] = found
        return found

    def data_type(self, tensor: str) -> DataType | None:
        """The type that is planned (or being dragged); ``None`` for float."""
        if tensor in self.preview:
            return self.preview[tensor]
        return self._plan.types.get(tensor) if self._plan else None

    def heat_row(self, tensor: str) -> HeatRow | None:
        """One row of the heat map; ``None`` before anything was counted."""
        counts = self.counts(tensor)
        if counts is None:
            return None
        data_type = None if self._live else self.data_type(tensor)
        row = HeatRow(counts, data_type, self.is_cut_off(tensor))
        statistics = None if self._live else self.statistics(tensor)
        return replace(row, reach=statistics.reach) if statistics is not None else row

    def is_cut_off(self, tensor: str) -> bool:
        """Whether a fused Relu or Clip takes away what does not fit the type."""
        return self._placement is not None and tensor in self._placement.cut_off

    def error(self, tensor: str) -> PredictedError | None:
        """What the type of ``tensor`` will cost it; ``None`` for float and before a fused Relu."""
        data_type = self.data_type(tensor)
        return None if data_type is None else self.error_of(tensor, data_type)

    def error_of(self, tensor: str, data_type: DataType) -> PredictedError | None:
        """What another type would cost ``tensor``; ``None`` before a fused Relu."""
        if self.statistics(tensor) is None or self.is_cut_off(tensor):
            return None
        network, settings = self.network, self.session.document.settings
        assert network is not None
        assert self.predictions is not None
        return self.predictions.error(network, settings, tensor, data_type)

    def is_pinned(self, tensor: str) -> bool:
        """Whether the type was set by hand (or is being dragged)."""
        pinned = self.session.document.settings.pinned
        return tensor in self.preview or (
            self.data_type(tensor) is not None and any(n in pinned for n in self.members(tensor))
        )

    def conflict(self, tensor: str) -> str:
        """Why the target does not take the type; empty where it does."""
        return self._plan.conflicts.get(tensor, "") if self._plan else ""

    def members(self, tensor: str) -> tuple[str, ...]:
        """``tensor`` and all that share its type."""
        group = self._groups.get(tensor)
        return group.members if group else (tensor,)

    def with_members(self, types: Mapping[str, DataType]) -> dict[str, DataType]:
        """``types`` for all that share them too; of a group named twice, the first counts."""
        found: dict[str, DataType] = {}
        for tensor, data_type in types.items():
            for name in self.members(tensor):
                found.setdefault(name, data_type)
        return found

    def tied(self, tensor: str) -> tuple[str, ...]:
        """The others that share its type."""
        return tuple(name for name in self.members(tensor) if name != tensor)

    def rounded_at(self, tensor: str) -> tuple[str, ...]:
        """The tied tensors at which the values of ``tensor`` are rounded; empty: at itself.

        What a Relu cuts off is no error of the type, and what only moves is rounded already.
        """
        group = self._groups.get(tensor)
        if group is None or tensor in group.sources or self.data_type(tensor) is None:
            return ()
        return group.sources

    def word_lengths(self, tensor: str) -> tuple[int, ...]:
        """What the target takes for ``tensor``; of a bias, for one with a type of its own."""
        assert self.network is not None
        role = self.network.tensors[tensor].role
        if role is Role.WEIGHTS:
            return self.target.weight_word_lengths
        if role is Role.BIAS:
            return tuple(n for n in self.target.bias_word_lengths if n < ACCUMULATOR_BITS)
        return self.target.word_lengths

    def locked(self, tensor: str) -> str:
        """Why the type of ``tensor`` cannot be set by hand; empty where it can."""
        network = self.network
        if network is None or self.data_type(tensor) is None:
            return self.reason(tensor) or tr("no type before calibration")
        if network.file_types is not None:
            return LOOK_ONLY
        if network.tensors[tensor].role is not Role.BIAS:
            return ""
        settings = self.session.document.settings
        if self.target.family is Family.FIXED_POINT and settings.bias_word_length != 32:
            return ""
        return tr(
            "a bias takes the accumulator's type: int32 with the step of input × weights, so it"
            " follows them"
        )

    # ---- all of them

    def fit_axis(self, beside: Compared | None = None) -> BitAxis:
        """The columns that show every tensor, also of the plan ``beside``.

        The outermost types and the bits that any tensor uses decide: the same as row by row.
        """
        used = HeatRow(self._used_counts())
        kinds = {} if self._live else self._kinds()
        if beside is not None and not self._live:
            kinds = kinds | beside.kinds
            theirs = beside.prepared.calibration.used().most_significant_bits()
            used = HeatRow(used.counts + theirs)
        shown = [kind for kind in kinds if kind.word_length < ACCUMULATOR_BITS]
        if not shown:
            return fit_axis([used])
        finest = min(shown, key=_step_of)
        widest = max(shown, key=_reach_of)
        return fit_axis([HeatRow(used.counts, kind) for kind in (finest, widest)])

    def _kinds(self) -> dict[DataType, None]:
        """The types that occur, each once."""
        if self._plan is not self._kinds_of[0]:
            types = self._plan.types if self._plan is not None else {}
            self._kinds_of = self._plan, dict.fromkeys(types.values())
        return self._kinds_of[1]

    def _used_counts(self) -> Counts:
        """Counts that are zero outside the most significant bits of any tensor."""
        if self._live:
            return _ends_of(self._live.values())
        if self._used is None:
            calibration = self._calibration
            self._used = calibration.used().most_significant_bits() if calibration else _no_counts()
        return self._used


def _no_counts() -> Counts:
    return np.zeros((2, BIT_COUNT), np.int64)


def _ends_of(parts: Iterable[BitCounts]) -> Counts:
    """The outermost bits that any of ``parts`` counted."""
    ends = [(each.first, each.first + len(each.positive) - 1) for each in parts if each.positive]
    counts = _no_counts()
    if ends:
        lowest, highest = min(low for low, _ in ends), max(high for _, high in ends)
        counts[0, [lowest - LOWEST_BIT, highest - LOWEST_BIT]] = 1
    return counts


def _step_of(data_type: DataType) -> float:
    return data_type.step


def _reach_of(data_type: DataType) -> float:
    return max(data_type.maximum, -data_type.minimum)
