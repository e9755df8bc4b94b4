"""Recordings with headers that are damaged, of other formats, or of nothing at all."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from quantscope.core.data.description import SourceKind
from quantscope.core.data.sound import Sound, parse_sound
from quantscope.engine.sources import recordings
from quantscope.engine.sources.opening import open_source
from tests.engine.sources.faults import SOUND, data_of, read_or_told, told


def wav(
    values: int = 200, bits: int = 16, channels: int = 1, rate: int = 16_000, form: int = 1
) -> bytes:
    """Silence with this header."""
    width = (bits + 7) // 8 * channels
    sound = bytes(values * width)
    shape = struct.pack("<HHIIHH", form, channels, rate, rate * width, width & 0xFFFF, bits)
    start = b"RIFF" + struct.pack("<I", 36 + len(sound)) + b"WAVEfmt " + struct.pack("<I", 16)
    return start + shape + b"data" + struct.pack("<I", len(sound)) + sound


GOOD = wav()
REMEDY = "Save it as WAV with 8, 16, 24 or 32 bits PCM, or remove it"


@pytest.mark.parametrize("length", ["fit", "frames"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no WAV file"),
        (b"just text" * 9, "it is no WAV file"),
        (b"RIFF", "it is no WAV file"),
        (b"OggS" + bytes(90), "it is no WAV file"),
        (GOOD.replace(b"WAVE", b"AVI "), "it is no WAV file"),
        (wav(0), "it holds no sound"),
        (GOOD[:-10], "it ends in the middle"),
        (GOOD[:30], "EOFError"),
        (GOOD[:36], "fmt chunk and/or data chunk missing"),
        (GOOD.replace(b"fmt \x10\0\0\0", b"fmt \xff\xff\xff\x7f"), "RuntimeError"),
        (GOOD[:40] + b"\xff\xff\xff\xff" + GOOD[44:], "its header does not say its length"),
        (wav(bits=40), "its values have 40 bits"),
        (wav(bits=64), "its values have 64 bits"),
        (wav(bits=0), "bad sample width"),
        (wav(channels=0), "bad # of channels"),
        (wav(rate=0), "its header says 0 values a second"),
        (wav(bits=32, form=3), "its values are floats"),
        (wav(bits=8, form=6), "its values are compressed (A-law)"),
        (wav(form=99), "its values are of the format 99"),
    ],
)
def test_that_what_is_no_recording_is_told(
    tmp_path: Path, content: bytes, why: str, length: str
) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    data = data_of(SourceKind.WAV, tmp_path, sound=parse_sound(f"length={length}"))
    words = {"EOFError": "it ends in the middle of its header", "RuntimeError": "it is damaged"}
    expected = words.get(why, why)
    assert f"the recording can't be read ({expected}). {REMEDY}" in told(data, name="a.wav")


def test_that_damage_anywhere_gives_sound_or_a_sentence(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    for number in range(300):
        content = np.frombuffer(wav(bits=(16, 24)[number % 2]), np.uint8).copy()
        content[random.integers(0, 48, 3)] = random.choice([0, 1, 64, 255], 3)
        (tmp_path / "a.wav").write_bytes(content.tobytes())
        sentence = read_or_told(data_of(SourceKind.WAV, tmp_path))
        assert not sentence or "a.wav" in sentence


def test_that_a_file_larger_than_a_sample_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.wav").write_bytes(GOOD)
    monkeypatch.setattr(recordings, "MOST_BYTES", 300)
    assert "it is larger than 1 GiB" in told(data_of(SourceKind.WAV, tmp_path), name="a.wav")


def test_that_recordings_of_another_rate_or_damaged_ones_can_be_skipped(tmp_path: Path) -> None:
    for number, content in enumerate([b"", GOOD, wav(rate=8000), GOOD]):
        (tmp_path / f"{number}.wav").write_bytes(content)
    source = open_source(data_of(SourceKind.WAV, tmp_path, skip_unreadable=2), [SOUND])
    assert source.names == ("1.wav", "3.wav")
    data = data_of(SourceKind.WAV, tmp_path, sound=Sound(rate=8000), skip_unreadable=1)
    assert "2 samples can't be read, and 1 may be skipped" in told(data, name="0.wav")
