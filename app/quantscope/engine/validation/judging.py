"""Judges a float network and quantized files over the same labelled samples."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.core.findings.validation import (
    Disagreement,
    Figure,
    OwnMetric,
    Table,
    Validation,
    ValidationRequest,
    Variant,
)
from quantscope.core.metrics.classification import answer, confusion_matrix, scores_of
from quantscope.core.metrics.intervals import BOOTSTRAP, Interval, bootstrap
from quantscope.core.metrics.judging import (
    chance_warning,
    exact_figure,
    figure,
    usual_metrics,
)
from quantscope.core.metrics.labels import Array, Floats, Label, LabelKind
from quantscope.core.metrics.table import METRICS, Evidence, Judged, Metric
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import open_source
from quantscope.engine.sources.samples import SampleSource
from quantscope.engine.validation.answers import Outputs, Runner, answers, runners, saturating
from quantscope.engine.validation.costs import file_costs, latencies
from quantscope.engine.validation.custom import Custom, load_metrics, metrics_of_script
from quantscope.engine.validation.labels import Labels, read_labels

STAGE = "validation"
MOST_CLASSES = 1000  # of a confusion matrix
MOST_DISAGREEMENTS = 1000  # that are listed
Stop = Callable[[], bool]


@dataclass
class _Collected:
    """What is kept of one file's answers."""

    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    named: list[int] = field(default_factory=list)  # classes, where answers are scores
    outputs: list[Outputs] = field(default_factory=list)  # all of them, for custom metrics only


def validate(
    exact: Path,
    variants: Sequence[Path],
    inputs: tuple[Port, ...],
    request: ValidationRequest,
    stop: Stop,
    own: Mapping[str, OwnMetric] | None = None,
) -> Generator[Progress, None, Validation | None]:
    """Run ``exact`` and ``variants`` over the data of ``request``; ``None`` where it was stopped.

    ``inputs`` are those of the float network. ``own`` are metrics of a script, by name; with them,
    be it none, no metrics are added that ``request`` does not name. Raises
    :class:`QuantscopeError` for labels, metrics or files that do not fit.
    """
    source = open_source(request.data, inputs)
    labels = read_labels(request.labels, source)
    custom = _custom_of(request, own or {})
    files = runners(exact, variants)
    work = _Work(request, source, labels, files, custom, as_named=own is not None)
    for number, found in answers(files, source):
        work.take(number, found)
        yield Progress(STAGE, number + 1, len(source))
        if stop():
            return None
    return work.result(latencies(files, source))


def _custom_of(request: ValidationRequest, own: Mapping[str, OwnMetric]) -> tuple[Custom, ...]:
    of_script = metrics_of_script(own)
    if not request.custom:
        return of_script
    return load_metrics(Path(request.custom), request.data.trusted) + of_script


class _Work:
    """Samples are taken one by one; the result is asked for at the end."""

    def __init__(
        self,
        request: ValidationRequest,
        source: SampleSource,
        labels: Labels,
        files: Sequence[Runner],
        custom: Sequence[Custom],
        *,
        as_named: bool,
    ) -> None:
        self.request, self.source, self.labels = request, source, labels
        self.files, self.custom, self.as_named = files, custom, as_named
        self.output = request.output or files[0].outputs[0]
        if self.output not in files[0].outputs:
            raise QuantscopeError(
                f"the network has no output `{self.output}`",
                where=str(files[0].path),
                remedy=f"Choose one of {', '.join(files[0].outputs)}",
            )
        self.metrics: tuple[Metric, ...] = ()
        self.classes = 0  # scores of an answer; 0 where answers are no scores
        self.collected = [_Collected() for _ in files]

    # ---- samples

    def take(self, number: int, found: tuple[Outputs, ...]) -> None:
        """One sample's answers of all files."""
        if number == 0:
            self._begin(found[0][self.output])
        label = self.labels.of_samples[number]
        for kept, outputs in zip(self.collected, found, strict=True):
            judged = self._judged(outputs, found[0], label, number)
            for metric in self.metrics:
                kept.evidence.setdefault(metric.name, []).append(metric.measure(judged))
            if self.classes:
                scores = scores_of(outputs[self.output])
                kept.named.append(-1 if scores is None else answer(scores))
            if self.custom:
                kept.outputs.append(outputs)

    def _begin(self, output: Array) -> None:
        scores = scores_of(output)
        self.classes = 0 if scores is None else scores.size
        kind = self.labels.kind
        if not self.request.metrics and not self.as_named:
            usual = usual_metrics(kind, has_scores=bool(self.classes), classes=self.classes)
            wants_boxes = self.request.detector is None
            self.metrics = tuple(each for each in usual if each.name != "map" or not wants_boxes)
            return
        self.metrics = tuple(_metric(name) for name in self.request.metrics)
        for metric in self.metrics:
            if metric.needs not in (kind, LabelKind.NONE):
                raise QuantscopeError(
                    f"{metric.title} needs a label of the kind {metric.needs.value} for each "
                    f"sample, and there is {_have(kind)}",
                    where=self.request.labels or self.request.data.path,
                    remedy="Give other labels, or other metrics",
                )

    def _judged(self, outputs: Outputs, exact: Outputs, label: Label, number: int) -> Judged:
        size = (1, 1)
        if self.labels.kind is LabelKind.BOXES:
            size = self._size(number)
        return Judged(
            outputs=outputs,
            exact=exact,
            output=self.output,
            label=label,
            detector=self.request.detector,
            size=size,
        )

    def _size(self, number: int) -> tuple[int, int]:
        """(width, height) of the network's input picture."""
        if self.source.pictures is None:
            return (1, 1)
        pictures = self.source.pictures
        original = pictures.original(number)
        frame, how = pictures.chain.frame, pictures.chain.settings.resize
        return frame.size_for(original.width, original.height, how)

    # ---- result

    def result(self, times: tuple[float, ...]) -> Validation:
        """Figures, intervals and lists from all samples."""
        exact, *others = self.collected
        figures = [exact_figure(each, exact.evidence[each.name]) for each in self.metrics]
        known = tuple(each for each in figures if each is not None)
        costs = [
            replace(file_costs(each.path), latency_ms=time)
            for each, time in zip(self.files, times, strict=True)
        ]
        own = {each.name: self._own(each, exact) for each in self.custom}
        return Validation(
            request=replace(self.request, data=replace(self.request.data, trusted="")),
            samples=len(self.source),
            label_kind=self.labels.kind.value,
            random_data=self.request.data.is_random,
            exact=costs[0],
            figures=known + tuple(_own_figure(name, value) for name, value in own.items()),
            confusion=self._confusion(exact),
            class_names=self.labels.names,
            variants=tuple(
                self._variant(each, costs[place], own) for place, each in enumerate(others, start=1)
            ),
            warnings=tuple(self._warnings(known)),
        )

    def _variant(self, found: _Collected, costs: Any, own: dict[str, float]) -> Variant:
        exact = self.collected[0]
        figures = [
            figure(each, exact.evidence[each.name], found.evidence[each.name])
            for each in self.metrics
        ]
        figures += [
            _own_figure(
                each.name, self._own(each, found), own[each.name], self._own_interval(each, found)
            )
            for each in self.custom
        ]
        return Variant(
            costs=costs,
            figures=tuple(figures),
            disagreements=tuple(self._disagreements(found)),
            confusion=self._confusion(found),
        )

    def _own(self, metric: Custom, found: _Collected, weights: Floats | None = None) -> float:
        """What ``metric`` says of all samples, each taken as often as its weight says."""
        outputs, labels = found.outputs, self.labels.of_samples
        if weights is None:
            return metric(outputs, labels)
        places = np.repeat(np.arange(len(outputs)), weights.astype(np.int64))
        return metric([outputs[place] for place in places], [labels[place] for place in places])

    def _own_interval(self, metric: Custom, found: _Collected) -> Interval | None:
        """That of the difference; none where the metric fails on some resample."""
        exact = self.collected[0]

        def difference(weights: Floats) -> Floats:
            return np.array(
                [self._own(metric, found, row) - self._own(metric, exact, row) for row in weights]
            )

        try:
            resamples = self.request.resamples
            return bootstrap(difference, len(found.outputs), resamples) if resamples else None
        except QuantscopeError:
            return None

    def _disagreements(self, found: _Collected) -> list[Disagreement]:
        pairs = enumerate(zip(self.collected[0].named, found.named, strict=True))
        differing = [(number, exact, named) for number, (exact, named) in pairs if exact != named]
        return [
            Disagreement(
                sample=self.source.names[number],
                number=number,
                exact=exact,
                found=named,
                label=self._class(number),
            )
            for number, exact, named in differing[:MOST_DISAGREEMENTS]
        ]

    def _class(self, number: int) -> int | None:
        label = self.labels.of_samples[number]
        return label if isinstance(label, int) else None

    def _confusion(self, found: _Collected) -> Table:
        if self.labels.kind is not LabelKind.CLASS or not 0 < self.classes <= MOST_CLASSES:
            return ()
        labels = [self._class(number) for number in range(len(found.named))]
        table = confusion_matrix([each or 0 for each in labels], found.named, self.classes)
        return tuple(tuple(row) for row in table.tolist())

    def _no_such_class(self) -> str:
        """A warning of labels that no answer can be; empty where there are none."""
        numbers = [self._class(number) for number in range(len(self.source))]
        wrong = [
            (name, number)
            for name, number in zip(self.source.names, numbers, strict=True)
            if number is not None and not 0 <= number < self.classes
        ]
        if not wrong:
            return ""
        name, number = wrong[0]
        return (
            f"{len(wrong)} of {len(self.source)} labels are no class of the network, which has 0 "
            f"to {self.classes - 1}, and count as wrong: the first is {number} of {name}"
        )

    def _warnings(self, figures: Sequence[Figure]) -> list[str]:
        warnings = []
        top1 = next((each for each in figures if each.metric == "top1"), None)
        if top1 is not None:
            warnings.append(chance_warning(top1.value, len(self.source), self.classes))
            warnings.append(self._no_such_class())
        if self.labels.kind is LabelKind.BOXES and self.request.detector is None:
            warnings.append("Boxes are not judged: say which outputs hold boxes and scores")
        if self.request.data.is_random:
            warnings.append("The data is noise: no figure here says anything about accuracy")
        if self.source.skipped:
            warnings.append(f"{len(self.source.skipped)} samples could not be read")
        warnings += saturating(self.files[1:], self.source)
        return [text for text in warnings if text]


def _metric(name: str) -> Metric:
    if name not in METRICS:
        raise QuantscopeError(
            f"there is no metric `{name}`",
            where="metrics",
            remedy=f"Choose of {', '.join(METRICS)}",
        )
    return METRICS[name]


def _have(kind: LabelKind) -> str:
    return "none" if kind is LabelKind.NONE else kind.value


def _own_figure(
    name: str, value: float, exact: float | None = None, interval: Interval | None = None
) -> Figure:
    low, high = interval or (None, None)
    method = BOOTSTRAP if interval else ""
    return Figure(
        metric=name, title=name, value=value, exact=exact, low=low, high=high, method=method
    )
