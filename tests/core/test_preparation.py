"""What is chosen of the preparation is part of the fingerprint, and nothing chosen is nothing."""

from quantscope.core.codec import decode, encode
from quantscope.core.preparation import PreparationChoices

EQUALIZED = PreparationChoices(equalize=True)


def test_that_only_a_choice_changes_the_fingerprint() -> None:
    assert PreparationChoices().fingerprint("f00d") == "f00d"
    assert EQUALIZED.fingerprint("f00d") not in ("", "f00d")
    assert EQUALIZED.fingerprint("") == ""


def test_that_the_fingerprint_of_the_model_is_in_that_of_the_network() -> None:
    for choices in (PreparationChoices(), EQUALIZED):
        assert choices.model_fingerprint(choices.fingerprint("f00d")) == "f00d"
        assert choices.model_fingerprint("") == ""


def test_that_a_choice_not_written_is_the_usual_one() -> None:
    assert decode(PreparationChoices, {}) == PreparationChoices()
    assert decode(PreparationChoices, encode(EQUALIZED)) == EQUALIZED
