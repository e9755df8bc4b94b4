"""The quantizer: a model on its way from data to a quantized file, for a script.

In the examples ``demo`` is the folder of the bundled network (``bundled.demo_folder()``),
``folder`` an empty one, and ``calibrated`` a quantizer of that network after four pictures.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from quantscope.api import files
from quantscope.api.data import CalibrationOptions, DataOptions, check_options, whole_number
from quantscope.api.diagnosis import Diagnosis
from quantscope.api.judging import Labels, judge
from quantscope.api.models import open_model, preparation_of
from quantscope.api.running import Listener
from quantscope.api.samples import Samples
from quantscope.api.settings import Settings, changed
from quantscope.api.tables import Prediction, RangeTable, predictions, range_table
from quantscope.api.validation import QuantizationOptions
from quantscope.api.workbench import PathLike, Workbench
from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.convergence import Convergence, convergence_of
from quantscope.core.counting.forecast import Forecast
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.data.description import SourceCheck
from quantscope.core.findings.report import ExportReport
from quantscope.core.findings.validation import Validation
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import Depth
from quantscope.core.picture.look import PictureLook
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.jobs.outputs import check_output
from quantscope.session.session import Session
from quantscope.session.session_file import load_session, save_session


def open_session(path: PathLike, *, progress: Listener | None = None) -> Quantizer:
    """The session in the file ``path``, as the window or :meth:`Quantizer.save` wrote it.

    Raises :class:`QuantscopeError` where it is none. Opens also where model or data are gone,
    for all that the statistics alone can answer.
    """
    return Quantizer._of(load_session(path), progress)


class Quantizer:
    """A model, its statistics, and the settings from which the types of its tensors follow.

    ``model`` is the path of an ONNX file. ``prepare`` names what is done to the network beyond
    what is done to every one: ``equalize``, ``replace_relu6``, ``absorb_biases``, ``migrate``.
    ``progress`` hears long work, and ends it where it returns ``quantscope.STOP``. What the types
    follow from is given by the keywords of
    :class:`~quantscope.api.settings.Settings`, here or later by :meth:`configure`.

    Long work runs in this process; Ctrl+C stops it in order and raises ``KeyboardInterrupt``. A
    calibration that is stopped in either way keeps what it has counted.
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
        session.open_model(model, open_model(model, prepare=prepare), preparation_of(prepare))
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

    def convergence(self) -> Convergence:
        """How much ranges and exponents still moved with the last samples, and whether they rest.

        >>> found = calibrated.convergence()
        >>> [(each.since, each.samples) for each in found.checkpoints]
        [(1, 2), (2, 4)]
        """
        return convergence_of(self.calibration)

    @property
    def diagnosis(self) -> Diagnosis:
        """What the types cost layer by layer, what would help, and which mix meets a goal."""
        return Diagnosis(self._bench)

    # ---- data

    def check_data(self, data: PathLike, **options: Unpack[DataOptions]) -> SourceCheck:
        """A dry run: one sample as it would go in, and the steps on its way.

        ``data`` is a path or ``"random"``; keywords as for :meth:`calibrate`. Raises
        :class:`QuantscopeError` where the data does not fit the model, and says why.

        >>> check = calibrated.check_data(demo / "calibration", preprocess="imagenet")
        >>> check.samples, check.shapes
        (200, (('image', (1, 3, 32, 32), 'float32'),))
        """
        check_options(options, DataOptions.__annotations__)
        return self._bench.check(data, options)

    def forecast(self, data: PathLike, **options: Unpack[DataOptions]) -> Forecast:
        """About how long calibrating with ``data`` takes, and how much memory, from a few samples.

        ``data`` and keywords as for :meth:`check_data`.

        >>> takes = calibrated.forecast(demo / "calibration")
        >>> takes.samples, takes.seconds > 0, takes.memory < takes.available
        (200, True, True)
        """
        check_options(options, DataOptions.__annotations__)
        return self._bench.forecast(self._bench.described(data, None, options))

    def calibrate(
        self,
        data: PathLike | Samples,
        *,
        only_quantized: bool = False,
        keep_in: PathLike | None = None,
        **options: Unpack[CalibrationOptions],
    ) -> RangeTable:
        """Run data through the float network once, and keep what later questions need.

        ``data`` is a path to what the command line takes too (pictures, arrays, recordings,
        tables ...), ``"random"`` for seeded noise, or samples in memory: an array with its
        samples on the first axis, a mapping from input names to such arrays, or an iterable of
        samples, each a mapping or, for a network with one input, an array. Keywords are those of
        :class:`~quantscope.api.data.CalibrationOptions`; of an iterable, ``samples`` takes the
        first.

        Samples in memory are written to the new or empty folder ``keep_in``, since exporting
        reads them again; without it they are gone with the quantizer, and a saved session opens
        without its data. ``only_quantized`` counts only what will be integers, which is faster.

        Returns the dynamic ranges. ``calibration.left`` says how many samples were not counted,
        because the listener or ``stop_when_stable`` ended the run; :meth:`calibrate_more` does.

        >>> from quantscope import Quantizer
        >>> quantizer = Quantizer(demo / "demo.onnx")
        >>> import numpy as np
        >>> noise = np.random.default_rng(0).random((5, 3, 32, 32), np.float32)
        >>> table = quantizer.calibrate(noise)
        >>> table = quantizer.calibrate({"image": image} for image in noise)
        >>> quantizer.calibration.samples, quantizer.calibration.data.kind.value
        (5, 'npz-folder')
        """
        check_options(options, CalibrationOptions.__annotations__)
        stable_after = whole_number(options, "stop_when_stable") or 0
        described = self._bench.described(data, keep_in, options)
        described = replace(described, stable_after=stable_after)
        self._bench.calibrate(described, only_quantized=only_quantized, goes_on=False)
        return self.ranges()

    def calibrate_more(
        self,
        data: PathLike | Samples | None = None,
        *,
        keep_in: PathLike | None = None,
        **options: Unpack[CalibrationOptions],
    ) -> RangeTable:
        """Count more samples; what was counted stays, bit for bit as in one run over all.

        Without ``data`` the same data is gone on with, up to ``samples`` of it in all; or, where
        that is left out, to the end of a run that was stopped. With ``data``, as for
        :meth:`calibrate`, this data is counted as well.

        >>> from quantscope import Quantizer
        >>> quantizer = Quantizer(demo / "demo.onnx")
        >>> table = quantizer.calibrate(demo / "calibration", samples=2)
        >>> table = quantizer.calibrate_more(samples=4)
        >>> bool((table.counts == calibrated.ranges().counts).all())
        True
        """
        check_options(options, CalibrationOptions.__annotations__)
        bench = self._bench
        added = None if data is None else bench.described(data, keep_in, options)
        bench.calibrate(bench.grown(added, options), only_quantized=False, goes_on=True)
        return self.ranges()

    def merge(self, *others: Quantizer | PathLike) -> RangeTable:
        """Take the samples of ``others`` too, as if all had been counted in one run.

        They are quantizers or session files of the same model, with other samples; settings stay.

        >>> from quantscope import Quantizer
        >>> noisy = Quantizer(demo / "demo.onnx")
        >>> table = noisy.calibrate("random", samples=3)
        >>> table = noisy.merge(calibrated)
        >>> noisy.calibration.samples
        7
        """
        opened = [each if isinstance(each, Quantizer) else open_session(each) for each in others]
        self._bench.merge([each._bench for each in opened])
        return self.ranges()

    def validate(
        self,
        data: PathLike | Samples,
        options: QuantizationOptions | None = None,
        *,
        labels: Labels | None = None,
        files: PathLike | Collection[PathLike] = (),
        **data_options: Unpack[DataOptions],
    ) -> Validation:
        """Judge the float network and the types as they are, sample by sample, over other data.

        ``data`` as for :meth:`calibrate`, prepared as the data of the calibration where the
        keywords do not say otherwise. ``labels`` are a path, one label for each sample, or a
        mapping from names of samples to labels; without them, the class folders of the data.
        ``files`` are quantized models to judge as well. Before :meth:`calibrate` the float network
        is judged alone. ``trust_python`` agrees to run a file of metrics too.

        Each figure has the values of both networks, their difference, and the 95 % interval of it
        by pairing the samples. What is found stays with the quantizer, for :meth:`report`.

        >>> from quantscope import QuantizationOptions
        >>> by = QuantizationOptions(metrics=["top1", "sqnr"])
        >>> found = calibrated.validate(demo / "validation", by, samples=50)
        >>> top1 = found.quantized.figure("top1")
        >>> top1.exact, top1.difference == top1.value - top1.exact
        (1.0, True)
        >>> top1.low <= top1.difference <= top1.high
        True
        >>> found.quantized.costs.parameter_bytes < found.exact.parameter_bytes / 3
        True
        """
        check_options(data_options, DataOptions.__annotations__)
        by = options or QuantizationOptions()
        return judge(self._bench, data, by, labels, files, data_options)

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
        self._bench.settings = self.settings.pin(self._bench.sharing(tensor), data_type)

    def reset(self, *tensors: str) -> None:
        """Let ``tensors``, and all that share their types, follow the scheme again."""
        shared = [name for tensor in tensors for name in self._bench.sharing(tensor)]
        self._bench.settings = self.settings.reset(tuple(shared))

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
        check_output(os.fspath(output), [".onnx"], overwrite=overwrite)
        if trust_python:
            self._bench.trust(self.calibration.data)
        return self._bench.export(output, overwrite=overwrite, samples=verification_samples)

    def heat_map(
        self,
        output: PathLike,
        *,
        dark: bool = False,
        log: bool = False,
        width: int = 0,
        overwrite: bool = False,
    ) -> Path:
        """Draw the dynamic ranges to ``output`` (.png, .svg), ``width`` pixels wide (0: as usual);
        returns where the picture lies."""
        depth = Depth.LOGARITHMIC if log else Depth.LINEAR
        look = PictureLook(dark=dark, depth=depth, width=width)
        return files.draw(self._bench, output, look, overwrite=overwrite)

    def report(self, output: PathLike, *, overwrite: bool = False) -> Path:
        """Write all that is known as one HTML page to ``output``; returns where it lies."""
        return files.report(self._bench, output, overwrite=overwrite)

    def write_statistics(self, output: PathLike, *, overwrite: bool = False) -> Path:
        """Write the dynamic ranges, types and errors of all tensors to ``output`` (.csv or .json);
        returns where the table lies."""
        return files.statistics(self._bench, output, overwrite=overwrite)

    def write_types(
        self, output: PathLike, kind: str = "recipe", *, overwrite: bool = False
    ) -> Path:
        """Write the types for another tool (``onnxruntime``, ``aimet``, ``tensorrt``,
        ``c-header``), or as a ``recipe`` for this one; returns where the file lies."""
        return files.types(self._bench, output, kind, overwrite=overwrite)

    def save(self, output: PathLike, *, overwrite: bool = False) -> Path:
        """Keep model, data, statistics and settings in a session file (.qscope).

        The window opens it, and :func:`open_session`. Model and data are named in it by path.
        """
        target = check_output(os.fspath(output), [".qscope"], overwrite=overwrite)
        save_session(self._bench.session, target)
        return target
