"""Trains the hard network and writes it as `hard.onnx`: small, in the style of MobileNetV2.

    python make_network.py        needs PyTorch and onnx, some ten minutes on two cores

Inverted residuals with ReLU6, batch normalization kept as nodes, and channels whose ranges differ
by a factor of 128, as those of real MobileNets do. The README beside this file says how, and why.
The pictures, the training and the names in the file are those of the bundled demo.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "resources" / "demo"))

import train_network  # noqa: E402  found through the line above
from draw_pictures import CLASSES  # noqa: E402
from network import Residual, chain, convolution, depthwise  # noqa: E402

MODEL = HERE / "hard.onnx"
SEED = 404
PER_CLASS, EPOCHS = 3000, 11
BOUND = 6.0  # of ReLU6
OCTAVES = {"relu6_1": 7, "relu6_2": 3}
"""The smallest channel behind the expansion is scaled by 2**-7, behind the depthwise by 2**-3."""
NEARLY_LINEAR = 8
"""One channel in so many starts far above zero: it will rarely be cut off, and has a high bias."""


class BoundedRelu(nn.Module):
    """ReLU6 of channels that are scaled later: min(relu(x), 6 / scale) for each channel."""

    def __init__(self, channels: int, octaves: int, generator: torch.Generator) -> None:
        super().__init__()
        drawn = torch.randint(0, octaves + 1, (channels,), generator=generator)
        self.register_buffer("scales", 2.0 ** -drawn.float()[:, None, None])

    def forward(self, value: Tensor) -> Tensor:
        """Value and result have the same shape."""
        return torch.minimum(torch.relu(value), BOUND / self.scales)


def inverted(
    inputs: int, outputs: int, expansion: int, stride: int, generator: torch.Generator
) -> nn.Sequential:
    """Expand, look at each channel by itself, project: the block of MobileNetV2."""
    wide = expansion * inputs
    layers = chain(
        expand=convolution(inputs, wide),
        norm1=nn.BatchNorm2d(wide),
        relu6_1=BoundedRelu(wide, OCTAVES["relu6_1"], generator),
        depthwise=depthwise(wide, stride),
        norm2=nn.BatchNorm2d(wide),
        relu6_2=BoundedRelu(wide, OCTAVES["relu6_2"], generator),
        project=convolution(wide, outputs),
        norm3=nn.BatchNorm2d(outputs),
    )
    with torch.no_grad():
        for norm in (layers.norm1, layers.norm2):
            norm.weight[::NEARLY_LINEAR] = 0.25
            norm.bias[::NEARLY_LINEAR] = 2.0
    return layers


def build_network(classes: int) -> nn.Sequential:
    """From `batch x 3 x 32 x 32`, values 0..1, to `batch x classes` scores before softmax."""
    draw = torch.Generator().manual_seed(SEED)
    return chain(
        stem=chain(conv=convolution(3, 16, 3), norm=nn.BatchNorm2d(16), relu6=nn.ReLU6()),
        block1=inverted(16, 24, 3, 2, draw),
        block2=Residual(inverted(24, 24, 4, 1, draw), relu=False),
        block3=inverted(24, 32, 4, 2, draw),
        block4=Residual(inverted(32, 32, 4, 1, draw), relu=False),
        block5=Residual(inverted(32, 32, 4, 1, draw), relu=False),
        head=chain(conv=convolution(32, 96), norm=nn.BatchNorm2d(96), relu6=nn.ReLU6()),
        global_pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        classifier=nn.Linear(96, classes),
    )


def spread_channels(network: nn.Module) -> None:
    """Scales the channels in front of every :class:`BoundedRelu`, which becomes a ReLU6.

    The layer behind it has the inverse in its weights: with powers of two the network computes
    the same, bit for bit, the bounds included.
    """
    for block in network.children():
        if not hasattr(block, "relu6_1"):
            continue
        sides = (("norm1", "relu6_1", "depthwise"), ("norm2", "relu6_2", "project"))
        for norm, bounded, layer in (
            (block.get_submodule(name) for name in names) for names in sides
        ):
            scales = bounded.scales
            with torch.no_grad():
                norm.weight.mul_(scales.flatten())
                norm.bias.mul_(scales.flatten())
                is_depthwise = layer.weight.shape[1] == 1
                layer.weight.div_(scales[:, None] if is_depthwise else scales)
        block.relu6_1, block.relu6_2 = nn.ReLU6(), nn.ReLU6()


def main() -> None:
    """Trains and writes."""
    network = train_network.fit(lambda: build_network(len(CLASSES)), PER_CLASS, EPOCHS)
    spread_channels(network)
    train_network.export(network.eval(), MODEL, "Quantscope's hard network. Input: RGB / 255.")


if __name__ == "__main__":
    main()
