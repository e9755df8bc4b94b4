"""Recordings as calibration data: `.wav` files below a folder, for networks that hear."""

from __future__ import annotations

import io
import os
import struct
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quantscope.core.data.sound import Length, Sound
from quantscope.core.errors import QuantscopeError, reason_of
from quantscope.core.networks.network import Port
from quantscope.engine.sources.array_format import MOST_BYTES
from quantscope.engine.sources.fitting import (
    Array,
    batch_of,
    has_batch_axis,
    port_dtype,
    shape_text,
)
from quantscope.engine.sources.listing import class_names, files_below
from quantscope.engine.sources.samples import SampleSource, only_input

ENDINGS = frozenset({".wav", ".wave"})
MOST_CHANNELS = 8
MOST_BITS = 32
_PCM, _EXTENSIBLE = 1, 0xFFFE
_FORMATS = {2: "compressed (ADPCM)", 3: "floats", 6: "compressed (A-law)", 7: "compressed (mu-law)"}
_FAILURES = (
    OSError,
    EOFError,
    wave.Error,
    struct.error,
    ValueError,
    RuntimeError,  # a chunk that is longer than the file
    MemoryError,
)
_WITHOUT_WORDS = {EOFError: "it ends in the middle of its header", RuntimeError: "it is damaged"}
_STREAMED = 0xFFFFFFFF  # the length of a sound that had not ended when its header was written


@dataclass(frozen=True, slots=True)
class _Ear:
    """How an input hears: ``length`` values (``None``: any) of ``channels``, last or not.

    ``flat``: without a channel axis.
    """

    channels: int
    length: int | None
    flat: bool = False
    channels_last: bool = False

    def shaped(self, sound: Array) -> Array:
        """``sound`` (channels x values) as one sample."""
        if self.flat:
            only: Array = sound[0]
            return only
        last: Array = sound.T
        return last if self.channels_last else sound


@dataclass(frozen=True, slots=True)
class _Recording:
    """Values of -1..1, channels x time, and how many there are in a second."""

    values: Array
    rate: int


def open_recordings(path: Path, settings: Sound, inputs: tuple[Port, ...]) -> SampleSource:
    """Recordings below a folder (or one file), for a network with one input of sound.

    Inputs are N x time, N x channels x time, or N x time x channels. Several channels are
    averaged for an input of one, one channel is repeated for an input of several.
    """
    port = only_input(inputs, "recordings")
    ear = _ear(port, inputs)
    folder, names, labels = _files(path)
    first, shared = _first_rate(folder, names)
    expected = settings.rate or shared
    frames = [0] * len(names)
    if settings.length is Length.FRAMES:
        frames = [_frames(folder / name, ear, port) for name in names]
    pieces = [(place, part) for place, count in enumerate(frames) for part in range(count or 1)]

    def read(number: int) -> Mapping[str, Array]:
        place, part = pieces[number]
        file = folder / names[place]
        recording = _read(file)
        _check_rate(recording.rate, expected, file, "" if settings.rate else first)
        sound = _fitted(_mixed(recording.values, ear.channels, file), ear.length, part)
        return {port.name: ear.shaped(sound * settings.scale).astype(port_dtype(port))}

    return SampleSource(
        inputs=inputs,
        names=tuple(
            f"{names[place]} frame {part}" if frames[place] else names[place]
            for place, part in pieces
        ),
        read=read,
        place=f"{folder}{os.sep}",
        labels=None if labels is None else tuple(labels[place] for place, _ in pieces),
        class_names=class_names(names),
    )


def _files(path: Path) -> tuple[Path, tuple[str, ...], tuple[int, ...] | None]:
    if path.is_file():
        return path.parent, (path.name,), None
    names, labels = files_below(path, ENDINGS)
    if not names:
        raise QuantscopeError(
            "the folder and its sub-folders hold no .wav files",
            where=str(path),
            remedy="Choose a folder with recordings as .wav files",
        )
    return path, names, labels


def _ear(port: Port, inputs: tuple[Port, ...]) -> _Ear:
    if not port_dtype(port).name.startswith(("float", "bfloat")):
        raise _no_ear(port, f"the input takes {port.dtype}, and recordings are floats")
    shape = port.shape[1:] if has_batch_axis(port, batch_of(inputs)) else port.shape
    if len(shape) == 1:
        return _Ear(1, shape[0] if isinstance(shape[0], int) else None, flat=True)
    if len(shape) == 2:
        for axis in (0, 1):
            channels, length = shape[axis], shape[1 - axis]
            if isinstance(channels, int) and 1 <= channels <= MOST_CHANNELS:
                return _Ear(
                    channels, length if isinstance(length, int) else None, channels_last=axis == 1
                )
    raise _no_ear(port, f"the input wants {shape_text(port.shape)}, which is no recording")


def _no_ear(port: Port, what: str) -> QuantscopeError:
    return QuantscopeError(
        what,
        where=f"input `{port.name}`",
        remedy="Compute what the network wants (a spectrogram?) and save it as .npy or .npz files",
    )


def _first_rate(folder: Path, names: Sequence[str]) -> tuple[str, int]:
    """The first file that can be read and its rate; 0 where none can, which reading will tell."""
    for name in names:
        try:
            return name, _read(folder / name).rate
        except QuantscopeError:
            continue
    return "", 0


def _check_rate(rate: int, expected: int, file: Path, like: str) -> None:
    if expected in (rate, 0):
        return
    whose = f"{like} has {expected} Hz" if like else f"{expected} Hz are asked for"
    raise QuantscopeError(
        f"the recording has {rate} values a second (Hz), and {whose}: the network would hear "
        "another pitch",
        where=str(file),
        remedy="Convert all recordings to the rate that the network was trained on",
    )


def _frames(path: Path, ear: _Ear, port: Port) -> int:
    """How many pieces of the input's length a file holds; 0 where it can't be read."""
    if ear.length is None:
        raise QuantscopeError(
            f"the input wants {shape_text(port.shape)}, whose length is free, "
            "so there is no length to cut frames of",
            where=f"input `{port.name}`",
            remedy="Use length=fit, which takes recordings as they are",
        )
    try:
        count = _read(path).values.shape[1]
    except QuantscopeError:
        return 0
    return -(-int(count) // ear.length)


def _fitted(sound: Array, length: int | None, part: int) -> Array:
    """Piece ``part`` of ``length`` values, silence where the recording has ended."""
    if length is None:
        return sound
    piece: Array = sound[:, part * length : (part + 1) * length]
    return np.pad(piece, ((0, 0), (0, length - piece.shape[1])))


def _mixed(values: Array, channels: int, file: Path) -> Array:
    if len(values) == channels:
        return values
    if channels == 1:
        mean: Array = values.mean(axis=0, keepdims=True)
        return mean
    if len(values) == 1:
        return np.repeat(values, channels, axis=0)
    raise QuantscopeError(
        f"the recording has {len(values)} channels, and the input {channels}",
        where=str(file),
        remedy=f"Save it with {channels} channels, or with one",
    )


def _read(path: Path) -> _Recording:
    """The whole recording: 8, 16, 24 or 32 bits a value."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is larger than 1 GiB")
        content = _plain_pcm(path.read_bytes())
        with wave.open(io.BytesIO(content)) as file:
            width, channels, count = file.getsampwidth(), file.getnchannels(), file.getnframes()
            _check_form(8 * width, file.getframerate())
            data = file.readframes(count)
            rate = file.getframerate()
    except _FAILURES as failure:
        raise _unreadable(
            path, _WITHOUT_WORDS.get(type(failure)) or reason_of(failure)
        ) from failure
    size = width * channels * count
    if len(data) < size:
        streamed = size > _STREAMED - width * channels
        why = "its header does not say its length" if streamed else "it ends in the middle"
        raise _unreadable(path, why)
    if not count:
        raise _unreadable(path, "it holds no sound")
    return _Recording(_values(data, width).reshape(-1, channels).T, rate)


def _check_form(bits: int, rate: int) -> None:
    """Raise ``ValueError`` for a header that no recording has."""
    if bits > MOST_BITS:
        raise ValueError(f"its values have {bits} bits")
    if not rate:
        raise ValueError("its header says 0 values a second")


def _plain_pcm(content: bytes) -> bytes:
    """``content`` with an extensible header made a plain one, which Python 3.11 alone reads.

    Raises ``ValueError`` for what is no PCM.
    """
    start = content.find(b"fmt ", 12, 4096)
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE" or start < 0:
        raise ValueError("it is no WAV file")
    (kind,) = struct.unpack_from("<H", content, start + 8)
    patched = kind
    if kind == _EXTENSIBLE:
        (patched,) = struct.unpack_from("<H", content, start + 32)
    if patched != _PCM:
        raise ValueError(f"its values are {_FORMATS.get(patched, f'of the format {patched}')}")
    return content[: start + 8] + struct.pack("<H", _PCM) + content[start + 10 :]


def _values(data: bytes, width: int) -> Array:
    """Integers of ``width`` bytes, little-endian, as -1..1; those of one byte have no sign."""
    if width == 1:
        return np.frombuffer(data, np.uint8) / 128.0 - 1.0
    if width == 3:
        octets = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(octets), 4), np.uint8)
        wide[:, 1:] = octets
        return wide.reshape(-1).view("<i4") / 2.0**31
    return np.frombuffer(data, f"<i{width}") / 2.0 ** (8 * width - 1)


def _unreadable(path: Path, why: str) -> QuantscopeError:
    return QuantscopeError(
        f"the recording can't be read ({why})",
        where=str(path),
        remedy="Save it as WAV with 8, 16, 24 or 32 bits PCM, or remove it",
    )
