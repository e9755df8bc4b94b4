"""What is chosen of the preparation is part of the fingerprint, and nothing chosen is nothing."""

from dataclasses import fields
from itertools import combinations

import pytest

from quantscope.core.codec import decode, encode
from quantscope.core.networks.preparation import CHOICES, PreparationChoices, model_of

EQUALIZED = PreparationChoices(equalize=True)
ALL = [
    PreparationChoices(**dict.fromkeys(keys, True))
    for count in range(len(CHOICES) + 1)
    for keys in combinations(CHOICES, count)
]


def test_that_only_a_choice_changes_the_fingerprint() -> None:
    assert PreparationChoices().fingerprint("f00d") == "f00d"
    assert EQUALIZED.fingerprint("f00d") not in ("", "f00d")
    assert EQUALIZED.fingerprint("") == ""


def test_that_every_combination_of_choices_has_a_fingerprint_of_its_own() -> None:
    assert len({choices.fingerprint("f00d") for choices in ALL}) == len(ALL) == 2 ** len(CHOICES)


def test_that_the_fingerprint_of_the_model_is_in_that_of_the_network() -> None:
    for choices in ALL:
        assert choices.model_fingerprint(choices.fingerprint("f00d")) == "f00d"
        assert choices.model_fingerprint("") == ""


def test_that_a_choice_not_written_is_the_usual_one() -> None:
    assert decode(PreparationChoices, {}) == PreparationChoices()
    assert decode(PreparationChoices, encode(EQUALIZED)) == EQUALIZED


def test_that_the_table_has_a_row_for_each_choice_with_texts_of_its_own() -> None:
    assert list(CHOICES) == [field.name for field in fields(PreparationChoices)]
    for name in ("mark", "title", "opposite", "summary", "lack"):
        texts = {getattr(choice, name) for choice in CHOICES.values()}
        assert len(texts) == len(CHOICES) and all(texts)
    assert all(key == choice.key for key, choice in CHOICES.items())
    assert all(choice.mark.startswith("+") for choice in CHOICES.values())


def test_that_a_choice_is_made_and_taken_back_by_its_key() -> None:
    made = PreparationChoices().with_choice("replace_relu6", True)
    assert made.chosen == (CHOICES["replace_relu6"],)
    assert made.with_choice("replace_relu6", False) == PreparationChoices()
    with pytest.raises(KeyError):
        made.with_choice("no such choice", True)


def test_that_a_fingerprint_tells_the_choices_and_the_model() -> None:
    for choices in ALL:
        prepared = choices.fingerprint("f00d")
        assert PreparationChoices.of(prepared) == choices
        assert model_of(prepared) == "f00d"
