"""Settings for recordings are read, refused with a sentence, and written back in few words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.data.sound import Length, Sound, format_sound, parse_sound
from quantscope.core.errors import QuantscopeError

sounds = st.builds(
    Sound,
    rate=st.none() | st.integers(min_value=1, max_value=192_000),
    length=st.sampled_from(Length),
    scale=st.floats(allow_nan=False, allow_infinity=False).filter(bool),
)


@settings(max_examples=30)
@given(sounds)
def test_that_settings_read_back_from_their_text(sound: Sound) -> None:
    assert parse_sound(format_sound(sound)) == sound


def test_that_only_what_differs_is_written() -> None:
    assert format_sound(Sound()) == ""
    text = "rate=16000 length=frames scale=32768.0"
    assert format_sound(Sound(rate=16000, length=Length.FRAMES, scale=32768.0)) == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("rate=fast", '"fast" is no value for rate'),
        ("rate=0", "at least 1"),
        ("length=long", '"long" is no value for length'),
        ("scale=0", "a finite number other than 0"),
        ("scale=inf", "a finite number other than 0"),
        ("channels=2", 'there is no setting "channels"'),
    ],
)
def test_that_a_mistyped_text_is_refused_with_what_is_wrong(text: str, what: str) -> None:
    with pytest.raises(QuantscopeError, match="sound: ") as caught:
        parse_sound(text)
    assert what in caught.value.problem.what
    assert "rate=16000" in caught.value.problem.remedy
