"""What a row of the statistics says where there is nothing to say."""

from quantscope.core.picture.statistics_table import _extreme


def test_that_a_tensor_without_finite_values_has_no_extreme() -> None:
    found = _extreme("minimum", None, ("a",))
    assert found == {"minimum": None, "minimum_count": 0, "minimum_sample": ""}
