"""Recordings become values of -1..1 of the input's length and channels, or are refused."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.data.sound import parse_sound
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.opening import guess_source, open_source
from quantscope.engine.sources.samples import SampleSource

LEVELS = {1: [0, 128, 255], 2: [-32768, 0, 32767], 3: [-(2**23), 1, 2**23 - 1], 4: [-(2**31), 0, 7]}


def ear(*shape: int | str, dtype: str = "float32") -> Port:
    return Port(name="sound", dtype=dtype, shape=shape)


FREE = ear("batch", 1, "time")


def save(
    path: Path, levels: list[int], width: int = 2, channels: int = 1, rate: int = 8000
) -> Path:
    """Integers as they stand in the file, one channel after the other for each moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(b"".join(n.to_bytes(width, "little", signed=width > 1) for n in levels))
    return path


def opened(path: Path, port: Port, settings: str = "", skip: int = 0) -> SampleSource:
    description = DataDescription(
        kind=SourceKind.WAV, path=str(path), sound=parse_sound(settings), skip_unreadable=skip
    )
    return open_source(description, [port])


def refusal(path: Path, port: Port = FREE, settings: str = "") -> str:
    with pytest.raises(QuantscopeError) as caught:
        list(opened(path, port, settings))
    return str(caught.value)


@pytest.mark.parametrize("width", LEVELS)
def test_that_every_width_is_read_as_minus_1_to_1(tmp_path: Path, width: int) -> None:
    save(tmp_path / "a.wav", LEVELS[width], width)
    full = 2.0 ** (8 * width - 1)
    expected = [(level - (128 if width == 1 else 0)) / full for level in LEVELS[width]]
    found = opened(tmp_path, ear("batch", 1, "time", dtype="float64")).sample(0)["sound"]
    assert found.tolist() == [[expected]]


def test_that_scale_gives_the_integers_back(tmp_path: Path) -> None:
    save(tmp_path / "a.wav", [-32768, 5, 32767])
    assert opened(tmp_path, FREE, "scale=32768").sample(0)["sound"].tolist() == [
        [[-32768, 5, 32767]]
    ]


def test_that_channels_are_averaged_repeated_or_kept(tmp_path: Path) -> None:
    mono = save(tmp_path / "mono.wav", [1, 2, 3])
    stereo = save(tmp_path / "stereo.wav", [10, 20, 30, 50], channels=2)
    scale = "scale=32768"
    assert opened(stereo, FREE, scale).sample(0)["sound"].tolist() == [[[15, 40]]]
    assert opened(stereo, ear(1, 2, "t"), scale).sample(0)["sound"].tolist() == [
        [[10, 30], [20, 50]]
    ]
    assert opened(stereo, ear(1, 2, 2), scale).sample(0)["sound"].shape == (1, 2, 2)
    assert opened(stereo, ear(1, "t", 2), scale).sample(0)["sound"].tolist() == [
        [[10, 20], [30, 50]]
    ]
    assert opened(mono, ear(1, 2, "t"), scale).sample(0)["sound"].tolist() == [
        [[1, 2, 3], [1, 2, 3]]
    ]
    assert opened(mono, ear("n", "t"), scale).sample(0)["sound"].tolist() == [[1, 2, 3]]
    assert "has 2 channels, and the input 3. Save it with" in refusal(stereo, ear(1, 3, "t"))


def test_that_recordings_are_cut_off_or_filled_up_with_silence(tmp_path: Path) -> None:
    save(tmp_path / "long.wav", [1, 2, 3, 4, 5])
    save(tmp_path / "short.wav", [7])
    source = opened(tmp_path, ear(1, 1, 3), "scale=32768")
    assert source.names == ("long.wav", "short.wav")
    assert [sample["sound"].tolist() for sample in source] == [[[[1, 2, 3]]], [[[7, 0, 0]]]]


def test_that_frames_of_a_recording_are_samples_of_their_own(tmp_path: Path) -> None:
    save(tmp_path / "dog" / "a.wav", [1, 2, 3, 4, 5])
    save(tmp_path / "cat" / "b.wav", [6, 7])
    source = opened(tmp_path, ear(1, 2), "scale=32768 length=frames")
    assert source.names == (
        "cat/b.wav frame 0",
        "dog/a.wav frame 0",
        "dog/a.wav frame 1",
        "dog/a.wav frame 2",
    )
    assert source.labels == (0, 1, 1, 1)
    values = [sample["sound"].tolist() for sample in source]
    assert values == [[[6, 7]], [[1, 2]], [[3, 4]], [[5, 0]]]


def test_that_frames_of_a_free_length_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.wav", [1])
    assert "no length to cut frames of. Use length=fit" in refusal(tmp_path, FREE, "length=frames")


def test_that_another_rate_than_asked_for_or_than_the_others_have_is_explained(
    tmp_path: Path,
) -> None:
    save(tmp_path / "a.wav", [1], rate=8000)
    assert "has 8000 values a second (Hz), and 16000 Hz are asked for: the network would" in (
        refusal(tmp_path, settings="rate=16000")
    )
    assert len(opened(tmp_path, FREE, "rate=8000").sample(0)) == 1
    save(tmp_path / "b.wav", [1], rate=44100)
    sentence = refusal(tmp_path)
    assert "b.wav: the recording has 44100 values a second (Hz), and a.wav has 8000 Hz" in sentence


def test_that_an_extensible_header_is_read_as_the_plain_one(tmp_path: Path) -> None:
    data = np.array([3, -4], "<i2").tobytes()
    subformat = bytes.fromhex("0100000000001000800000aa00389b71")
    header = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4) + subformat
    chunks = b"WAVEfmt " + struct.pack("<I", len(header)) + header
    chunks += b"data" + struct.pack("<I", len(data)) + data
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    assert opened(tmp_path, FREE, "scale=32768").sample(0)["sound"].tolist() == [[[3, -4]]]


@pytest.mark.parametrize(
    ("kind", "name"), [(3, "floats"), (2, "compressed (ADPCM)"), (85, "of the format 85")]
)
def test_that_what_is_no_pcm_is_named(tmp_path: Path, kind: int, name: str) -> None:
    content = bytearray(save(tmp_path / "a.wav", [1, 2]).read_bytes())
    content[20:22] = struct.pack("<H", kind)
    (tmp_path / "a.wav").write_bytes(content)
    sentence = refusal(tmp_path)
    assert f"a.wav: the recording can't be read (its values are {name}). Save it as WAV" in sentence


@pytest.mark.parametrize("kept", [0, 3, 12, 30, 44, 60])
def test_that_a_truncated_recording_is_refused(tmp_path: Path, kept: int) -> None:
    path = save(tmp_path / "a.wav", list(range(100)))
    path.write_bytes(path.read_bytes()[:kept])
    assert "a.wav: the recording can't be read (" in refusal(tmp_path)


def test_that_a_recording_of_nothing_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.wav", [])
    assert "it holds no sound" in refusal(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"RIFFshort")
    assert "it is no WAV file" in refusal(tmp_path)


def test_that_unreadable_recordings_keep_their_place_among_frames(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    save(tmp_path / "b.wav", [1, 2, 3])
    source = opened(tmp_path, ear(1, 2), "length=frames", skip=1)
    assert source.names == ("b.wav frame 0", "b.wav frame 1")
    assert source.skipped == ("a.wav",)


def test_that_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    assert "hold no .wav files" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("port", "why"),
    [
        (ear(1, 3, 224, 224), "wants 1x3x224x224, which is no recording"),
        (ear(1, 80, "t"), "wants 1x80xt, which is no recording"),
        (ear(1, 1, 8, dtype="int16"), "takes int16, and recordings are floats"),
    ],
)
def test_that_an_input_that_does_not_hear_is_told(tmp_path: Path, port: Port, why: str) -> None:
    save(tmp_path / "a.wav", [1])
    assert why in refusal(tmp_path, port)


def test_that_recordings_are_recognized(tmp_path: Path) -> None:
    path = save(tmp_path / "deep" / "a.WAV", [1])
    assert guess_source(str(tmp_path)) is SourceKind.WAV
    assert guess_source(str(path)) is SourceKind.WAV
    assert opened(path, FREE).names == ("a.WAV",)
