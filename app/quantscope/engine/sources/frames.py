"""Which pictures an input takes: its layout, number of channels, height and width."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.data.description import Color, Layout, Resize
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.fitting import shape_text

CHANNELS = (3, 1, 4)  # the likelier first, for shapes that read both ways
Size = int | str


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture that an input takes; a symbolic side takes the picture's own length."""

    layout: Layout
    channels: int
    height: Size
    width: Size

    def size_for(self, width: int, height: int, how: Resize) -> tuple[int, int]:
        """(width, height) to give a picture of this width and height.

        Where one side is fixed and one free, the free side follows the picture's ratio,
        except under ``stretch``, which leaves it alone.
        """
        wide, high = self.width, self.height
        keep = how is not Resize.STRETCH
        if isinstance(wide, int):
            if isinstance(high, int):
                return wide, high
            return wide, max(1, round(height * wide / width)) if keep else height
        if isinstance(high, int):
            return max(1, round(width * high / height)) if keep else width, high
        return width, height


def layout_of(port: Port) -> Layout:
    """Where the channels of a four-dimensional input stand; NCHW where the shape is silent."""
    if len(port.shape) != 4:
        return Layout.AUTO
    _, second, _, last = port.shape
    for channels in CHANNELS:
        if second == channels:
            return Layout.NCHW
        if last == channels:
            return Layout.NHWC
    return Layout.NHWC if isinstance(second, int) and isinstance(last, str) else Layout.NCHW


def frame_of(port: Port, layout: Layout) -> Frame:
    """The frame of ``port`` under ``layout``; :class:`QuantscopeError` if no picture fits."""
    if len(port.shape) != 4:
        raise _no_picture(
            port, f"the input wants {shape_text(port.shape)}, and pictures need four dimensions"
        )
    if layout is Layout.AUTO:
        layout = layout_of(port)
    _, first, second, third = port.shape
    if layout is Layout.NCHW:
        channels, height, width = first, second, third
    else:
        height, width, channels = first, second, third
    if isinstance(channels, str):
        channels = 3
    if channels not in CHANNELS:
        raise _wrong_channels(port, layout, channels)
    return Frame(layout, channels, height, width)


def mode_of(frame: Frame, color: Color, port: Port) -> str:
    """The Pillow mode to read pictures in: ``L``, ``RGB`` or ``RGBA``."""
    if color is Color.AUTO:
        return {1: "L", 3: "RGB", 4: "RGBA"}[frame.channels]
    if color is Color.GRAY and frame.channels in (1, 3):
        return "L"
    if color in (Color.RGB, Color.BGR) and frame.channels == 3:
        return "RGB"
    raise QuantscopeError(
        f"the input has {frame.channels} channels, which color={color} can't fill",
        where=f"input `{port.name}`",
        remedy="Choose color=auto",
    )


def _wrong_channels(port: Port, layout: Layout, channels: int) -> QuantscopeError:
    other = Layout.NHWC if layout is Layout.NCHW else Layout.NCHW
    what = (
        f"the input wants {shape_text(port.shape)}, "
        f"of which the layout {layout} makes {channels} channels"
    )
    if port.shape[3 if other is Layout.NHWC else 1] in CHANNELS:
        return QuantscopeError(
            what, where=f"input `{port.name}`", remedy=f"Choose layout={other} or layout=auto"
        )
    return _no_picture(port, f"{what}, and pictures have 1, 3 or 4")


def _no_picture(port: Port, what: str) -> QuantscopeError:
    return QuantscopeError(
        what,
        where=f"input `{port.name}`",
        remedy="Save the samples as a .npy or .npz file instead of pictures",
    )
