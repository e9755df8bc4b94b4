"""What a calibration will take, told before it begins."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.wording import count, duration, size


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """About how long ``samples`` samples take, on this machine as it is now, and how much memory.

    ``memory`` is in bytes beside what the program takes already, ``available`` what the machine
    has to give. ``seconds`` were extrapolated from ``tried`` samples; ``None`` where none ran.
    """

    samples: int
    memory: int
    available: int
    seconds: float | None = None
    tried: int = 0

    @property
    def is_tight(self) -> bool:
        """Whether the machine may run out of memory."""
        return self.memory > self.available

    def sentence(self) -> str:
        """For a person who decides whether to begin."""
        samples = f"{count(self.samples)} sample{'' if self.samples == 1 else 's'}"
        time = "" if self.seconds is None else f"about {duration(self.seconds)} and "
        text = f"Calibrating {samples} takes {time}about {size(self.memory)} of memory"
        free = f"{size(self.available)} are free"
        return f"{text}, and only {free}." if self.is_tight else f"{text}; {free}."
