"""The quantizer: a model on its way from data to a quantized file, for a script.

In the examples ``demo`` is the folder of the bundled network (``bundled.demo_folder()``),
``folder`` an empty one, and ``calibrated`` a quantizer of that network after four pictures.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Unpack

from quantscope.api.data import DataOptions
from quantscope.api.running import Listener, ask
from quantscope.api.samples import Samples
from quantscope.api.settings import Settings, changed
from quantscope.api.tables import Prediction, RangeTable, predictions, range_table
from quantscope.api.workbench import PathLike, Workbench
from quantscope.core.calibration import Calibration
from quantscope.core.data import SourceCheck
from quantscope.core.errors import QuantscopeError
from quantscope.core.formats import DataType
from quantscope.core.heatmap import Depth
from quantscope.core.network import Network
from quantscope.core.plan import Plan, placement_for
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.preparation import CHOICES, PreparationChoices
from quantscope.core.report import ExportReport
from quantscope.core.statistics import TensorStatistics
from quantscope.jobs.messages import Describe, Described
from quantscope.jobs.outputs import check_output
from quantscope.jobs.pictures import draw_ranges
from quantscope.jobs.reports import write_report
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session


def open_model(path: PathLike, *, prepare: Collection[str] = ()) -> Network:
    """The network in the ONNX file ``path``: its layers and tensors, and what stays float and why.

    ``prepare`` as for :class:`Quantizer`. Raises :class:`QuantscopeError` where the file is no
    model that can be read.

    >>> from quantscope import open_model
    >>> network = open_model(demo / "demo.onnx")
    >>> network.inputs[0].name, network.inputs[0].shape
    ('image', ('batch', 3, 32, 32))
    """
    request = Describe(model=str(Path(path).absolute()), preparation=_preparation(prepare))
    return ask(request, Described).network


def open_session(path: PathLike, *, progress: Listener | None = None) -> Quantizer:
    """The session in the file ``path``, as the window or :meth:`Quantizer.save` wrote it.

    Raises :class:`QuantscopeError` where it is none. Opens also where model or data are gone,
    for all that the statistics alone can answer.
    """
    return Quantizer._of(load_session(path), progress)


def _preparation(chosen: Collection[str]) -> PreparationChoices:
    preparation = PreparationChoices()
    for key in chosen:
        if key not in CHOICES:
            raise QuantscopeError(
                f'there is no choice of preparation "{key}"',
                where="prepare",
                remedy=f"Choose among {', '.join(CHOICES)}",
            )
        preparation = preparation.with_choice(key, True)
    return preparation


class Quantizer:
    """A model, its statistics, and the settings from which the types of its tensors follow.

    ``model`` is the path of an ONNX file. ``prepare`` names what is done to the network beyond
    what is done to every one: keys of ``quantscope.core.preparation.CHOICES`` (``equalize``,
    ``replace_relu6``, ``absorb_biases``, ``migrate``). ``progress`` hears long work. What the
    types follow from is given by the keywords of :class:`~quantscope.api.settings.Settings`, here
    or later by :meth:`configure`.

    Long work runs in this process; Ctrl+C stops it in order and raises ``KeyboardInterrupt``.
    All methods raise :class:`QuantscopeError` for input that is at fault, with a sentence that
    says what, where, and what to do.

    >>> from quantscope import Quantizer
    >>> quantizer = Quantizer(demo / "demo.onnx", target="fixed-point")
    >>> ranges = quantizer.calibrate(demo / "calibration", samples=4)
    >>> report = quantizer.quantize(folder / "small.onnx")
    >>> report.integer_kernels, len(report.kernels)
    (22, 22)
    """

    def __init__(
        self,
        model: PathLike,
        *,
        prepare: Collection[str] = (),
        progress: Listener | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        session = Session()
        session.open_model(model, open_model(model, prepare=prepare), _preparation(prepare))
        self._bench = Workbench(session, progress)
        self.configure(**settings)

    @classmethod
    def _of(cls, session: Session, progress: Listener | None) -> Quantizer:
        made = cls.__new__(cls)
        made._bench = Workbench(session, progress)
        return made

    # ---- what is known

    @property
    def network(self) -> Network:
        """The prepared network: layers in running order, tensors by name."""
        return self._bench.network

    @property
    def settings(self) -> PlanSettings:
        """What the types follow from, as it is now."""
        return self._bench.settings

    @property
    def calibration(self) -> Calibration:
        """Everything that calibration keeps; :class:`QuantscopeError` before it."""
        return self._bench.calibration

    @property
    def statistics(self) -> Mapping[str, TensorStatistics]:
        """Statistics by tensor name: exact counts, extremes, and the values of parameters.

        They are read when asked for, so long as the quantizer exists.

        >>> image = calibrated.statistics["image"]
        >>> image.histogram.total == 4 * 3 * 32 * 32
        True
        >>> image.histogram.most_significant_bits().shape  # signs, bit positions 2^-133 to 2^127
        (2, 261)
        """
        return self.calibration.statistics

    def ranges(self) -> RangeTable:
        """The dynamic ranges of all tensors as numpy arrays.

        >>> table = calibrated.ranges()
        >>> table.counts.shape == (len(table.tensors), len(table.bits))
        True
        >>> bool((table.counts.sum(axis=1) + table.zeros == table.totals).all())
        True
        """
        return range_table(self.network, self.calibration)

    # ---- data

    def check_data(self, data: PathLike, **options: Unpack[DataOptions]) -> SourceCheck:
        """A dry run: one sample as it would go in, and the steps on its way.

        ``data`` is a path or ``"random"``; keywords as for :meth:`calibrate`. Raises
        :class:`QuantscopeError` where the data does not fit the model, and says why.

        >>> check = calibrated.check_data(demo / "calibration", preprocess="imagenet")
        >>> check.samples, check.shapes
        (200, (('image', (1, 3, 32, 32), 'float32'),))
        """
        return self._bench.settle(data, options)[1]

    def calibrate(
        self,
        data: PathLike | Samples,
        *,
        only_quantized: bool = False,
        keep_in: PathLike | None = None,
        **options: Unpack[DataOptions],
    ) -> RangeTable:
        """Run data through the float network once, and keep what later questions need.

        ``data`` is a path to what the command line takes too (pictures, arrays, recordings,
        tables ...), ``"random"`` for seeded noise, or samples in memory: an array with its
        samples on the first axis, a mapping from input names to such arrays, or an iterable of
        samples, each a mapping or, for a network with one input, an array. Keywords are those of
        :class:`~quantscope.api.data.DataOptions`; of an iterable, ``samples`` takes the first.

        Samples in memory are written to the new or empty folder ``keep_in``, since exporting
        reads them again; without it they are gone with the quantizer, and a saved session opens
        without its data. ``only_quantized`` counts only what will be integers, which is faster.

        Returns the dynamic ranges.

        >>> from quantscope import Quantizer
        >>> quantizer = Quantizer(demo / "demo.onnx")
        >>> import numpy as np
        >>> noise = np.random.default_rng(0).random((5, 3, 32, 32), np.float32)
        >>> table = quantizer.calibrate(noise)
        >>> table = quantizer.calibrate({"image": image} for image in noise)
        >>> quantizer.calibration.samples, quantizer.calibration.data.kind.value
        (5, 'npz-folder')
        """
        if isinstance(data, str | os.PathLike):
            description, _ = self._bench.settle(data, options)
        else:
            place, rest = self._bench.store(data, keep_in, options)
            description, _ = self._bench.settle(place, rest)
        self._bench.calibrate(description, only_quantized)
        return self.ranges()

    # ---- types

    def configure(self, **settings: Unpack[Settings]) -> None:
        """Change what the types follow from; what is left out stays.

        >>> calibrated.configure(target="fixed-point", scheme="histogram", word_length=8)
        >>> calibrated.settings.scheme.value
        'histogram'
        """
        self._bench.settings = changed(self.settings, self.network, settings)

    def pin(self, tensor: str, data_type: DataType) -> None:
        """Set the type of ``tensor``, and of all that must share it, by hand.

        >>> from quantscope import FixedPoint
        >>> calibrated.pin("image", FixedPoint(8, 6))
        >>> calibrated.plan().types["image"].label()
        's8 2^-6'
        >>> calibrated.reset("image")
        """
        self._bench.settings = self.settings.pin(self._sharing(tensor), data_type)

    def reset(self, *tensors: str) -> None:
        """Let ``tensors``, and all that share their types, follow the scheme again."""
        shared = [name for tensor in tensors for name in self._sharing(tensor)]
        self._bench.settings = self.settings.reset(tuple(shared))

    def _sharing(self, tensor: str) -> tuple[str, ...]:
        if tensor not in self.network.tensors:
            raise QuantscopeError(
                f'there is no tensor "{tensor}"',
                where=self.network.name,
                remedy="The names are in network.tensors",
            )
        group = placement_for(self.network, self.settings).group_of(tensor)
        return group.members if group else (tensor,)

    def plan(self, **settings: Unpack[Settings]) -> Plan:
        """The type of every tensor, under the settings or as if they were changed so."""
        wanted = changed(self.settings, self.network, settings)
        return self.calibration.plan(self.network, wanted)

    def predict(self, **settings: Unpack[Settings]) -> dict[str, Prediction]:
        """What the types cost each tensor, under the settings or as if they were changed so.

        No data is run: the statistics answer.

        >>> now = calibrated.predict(target="onnxruntime", word_length=8)
        >>> wide = calibrated.predict(target="onnxruntime", word_length=16)
        >>> now["image"].sqnr_db < wide["image"].sqnr_db
        True
        """
        return predictions(self.network, self.calibration, self.plan(**settings))

    # ---- files

    def quantize(
        self,
        output: PathLike,
        *,
        overwrite: bool = False,
        verification_samples: int = 32,
        trust_python: bool = False,
    ) -> ExportReport:
        """Write the quantized model to ``output``, run it on that many samples, and report.

        The file is byte for byte what the command line and the window write. ``trust_python``:
        run the Python file that the data of an opened session is.
        """
        if trust_python:
            self._bench.trust_python()
        return self._bench.export(output, overwrite=overwrite, samples=verification_samples)

    def heat_map(
        self, output: PathLike, *, dark: bool = False, log: bool = False, overwrite: bool = False
    ) -> Path:
        """Draw the dynamic ranges to ``output`` (.png or .svg); returns where the picture lies."""
        depth = Depth.LOGARITHMIC if log else Depth.LINEAR
        network, calibration = self.network, self.calibration
        return draw_ranges(
            network,
            calibration,
            self.plan(),
            os.fspath(output),
            dark=dark,
            depth=depth,
            overwrite=overwrite,
        )

    def report(self, output: PathLike, *, overwrite: bool = False) -> Path:
        """Write all that is known as one HTML page to ``output``; returns where it lies."""
        check_output(os.fspath(output), [".html"], overwrite=overwrite)
        calibration, record = self.calibration, self._bench.session.record()
        assert record is not None
        return write_report(record, calibration, os.fspath(output), overwrite=overwrite)

    def save(self, output: PathLike, *, overwrite: bool = False) -> Path:
        """Keep model, data, statistics and settings in a session file (.qscope).

        The window opens it, and :func:`open_session`. Model and data are named in it by path.
        """
        target = check_output(os.fspath(output), [".qscope"], overwrite=overwrite)
        save_session(self._bench.session, target)
        return target
