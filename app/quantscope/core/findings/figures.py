"""How figures of a validation read: the same in the window, on the command line and in reports."""

from __future__ import annotations

from quantscope.core.findings.validation import Figure
from quantscope.core.wording import MINUS, decibel, share


def value_in_words(figure: Figure, value: float) -> str:
    """A value of ``figure``: percent for shares, dB, else four decimals."""
    if figure.proportion:
        return share(value)
    return decibel(value) if figure.unit == "dB" else f"{value:.4f}"


def change_in_words(figure: Figure, change: float) -> str:
    """A difference of two values, with its sign; of shares in percentage points."""
    if figure.proportion:
        return f"{100 * change:+.2f} points".replace("-", MINUS)
    return f"{change:+.4f}".replace("-", MINUS)


def figure_in_words(figure: Figure) -> tuple[str, str, str, str, str]:
    """Title, float, quantized, difference, 95 % interval; empty where there is none."""
    exact = "" if figure.exact is None else value_in_words(figure, figure.exact)
    change = "" if figure.difference is None else change_in_words(figure, figure.difference)
    interval = ""
    if figure.low is not None and figure.high is not None:
        shown = value_in_words if figure.exact is None else change_in_words
        low, high = shown(figure, figure.low), shown(figure, figure.high)
        number, _, unit = low.rpartition(" ")
        interval = f"{number if number and high.endswith(f' {unit}') else low} to {high}"
    return figure.title, exact, value_in_words(figure, figure.value), change, interval
