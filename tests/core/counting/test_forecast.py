"""What a calibration will take, in one sentence."""

from quantscope.core.counting.forecast import Forecast
from quantscope.core.wording import count

GB = 10**9


def test_that_a_forecast_tells_time_memory_and_what_is_free() -> None:
    forecast = Forecast(samples=1200, memory=3 * 10**8, available=6 * GB, seconds=200.4, tried=9)
    assert not forecast.is_tight
    assert forecast.sentence() == (
        f"Calibrating {count(1200)} samples takes about 3 min 20 s and about 300 MB of memory;"
        " 6 GB are free."
    )


def test_that_too_little_memory_is_a_warning_and_no_trial_tells_no_time() -> None:
    forecast = Forecast(samples=1, memory=9 * GB, available=6 * GB)
    assert forecast.is_tight
    assert forecast.sentence() == (
        "Calibrating 1 sample takes about 9 GB of memory, and only 6 GB are free."
    )
