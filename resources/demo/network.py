"""The demo's network: small, with every kind of layer that quantization treats differently.

It is not meant to be the best network for these pictures. It has plain, depthwise and pointwise
convolutions, batch normalization, ReLU and ReLU6, two residual additions, a concatenation, pooling
and a fully connected layer, because these are what a person meets in real networks.
Needs PyTorch, and is needed only for training.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn


def convolution(inputs: int, outputs: int, size: int = 1, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the picture's size, without bias: the normalization has one."""
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


def depthwise(channels: int, stride: int = 1) -> nn.Conv2d:
    """A 3 x 3 convolution of each channel by itself."""
    return nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False)


def chain(**layers: nn.Module) -> nn.Sequential:
    """Layers one after the other, under the names that the ONNX file will show."""
    return nn.Sequential(OrderedDict(layers))


class Residual(nn.Module):
    """Adds what its layers make of the input to the input; ReLU afterwards if asked for."""

    def __init__(self, layers: nn.Sequential, *, relu: bool) -> None:
        super().__init__()
        for name, layer in layers.named_children():
            self.add_module(name, layer)
        self.names = [name for name, _ in layers.named_children()]
        self.relu = nn.ReLU() if relu else None

    def forward(self, value: Tensor) -> Tensor:
        """Value and result have the same shape."""
        result = value
        for name in self.names:
            result = self.get_submodule(name)(result)
        total = value + result
        return total if self.relu is None else self.relu(total)


class Branches(nn.Module):
    """Two ways of looking at the same input, concatenated along the channels."""

    def __init__(self, point: nn.Sequential, spread: nn.Sequential) -> None:
        super().__init__()
        self.point = point
        self.spread = spread

    def forward(self, value: Tensor) -> Tensor:
        """Result has the channels of the first branch, then those of the second."""
        return torch.cat([self.point(value), self.spread(value)], dim=1)


def plain_block(channels: int) -> Residual:
    """Two plain convolutions around a shortcut, as in ResNet."""
    layers = chain(
        conv1=convolution(channels, channels, 3),
        norm1=nn.BatchNorm2d(channels),
        relu1=nn.ReLU(),
        conv2=convolution(channels, channels, 3),
        norm2=nn.BatchNorm2d(channels),
    )
    return Residual(layers, relu=True)


def inverted(
    inputs: int, outputs: int, activation: type[nn.Module], stride: int = 1
) -> nn.Sequential:
    """Expand, look at each channel by itself, project: the block of MobileNetV2."""
    wide = 3 * inputs
    name = activation.__name__.lower()
    layers: dict[str, nn.Module] = {
        "expand": convolution(inputs, wide),
        "norm1": nn.BatchNorm2d(wide),
        f"{name}_1": activation(),
        "depthwise": depthwise(wide, stride),
        "norm2": nn.BatchNorm2d(wide),
        f"{name}_2": activation(),
        "project": convolution(wide, outputs),
        "norm3": nn.BatchNorm2d(outputs),
    }
    return chain(**layers)


def separable(inputs: int, outputs: int) -> nn.Sequential:
    """A depthwise and a pointwise convolution: the block of MobileNet."""
    return chain(
        depthwise=depthwise(inputs),
        norm1=nn.BatchNorm2d(inputs),
        relu6=nn.ReLU6(),
        pointwise=convolution(inputs, outputs),
        norm2=nn.BatchNorm2d(outputs),
        relu=nn.ReLU(),
    )


SPREAD = ("block4.norm1", "block4.depthwise")
"""The normalization whose channels `spread_channels` scales, and the layer that undoes it."""
OCTAVES = 5
"""The smallest channel is scaled by two to the power of minus this."""


def spread_channels(network: nn.Module, seed: int) -> None:
    """Gives the channels before one depthwise convolution very different ranges.

    MobileNetV2 is known for it, and cross-layer equalization repairs it (Nagel et al., 2019,
    arXiv 1906.04721); minutes of training don't bring it about. Each channel is scaled by a power
    of two, and its filter by the inverse. Only a ReLU lies between, so the network computes the
    same, bit for bit: only its integers become worse.
    """
    norm, layer = (network.get_submodule(name) for name in SPREAD)
    generator = torch.Generator().manual_seed(seed)
    octaves = torch.randint(0, OCTAVES + 1, (len(norm.weight),), generator=generator)
    scales = 2.0 ** -octaves.float()
    with torch.no_grad():
        norm.weight.mul_(scales)
        norm.bias.mul_(scales)
        layer.weight.div_(scales[:, None, None, None])


def build_network(classes: int) -> nn.Sequential:
    """From `batch x 3 x 32 x 32`, values 0..1, to `batch x classes` scores before softmax."""
    point = chain(conv=convolution(40, 32), norm=nn.BatchNorm2d(32), relu=nn.ReLU())
    return chain(
        stem=chain(conv=convolution(3, 16, 3), norm=nn.BatchNorm2d(16), relu6=nn.ReLU6()),
        block1=separable(16, 24),
        pool=nn.MaxPool2d(2),
        block2=plain_block(24),
        block3=inverted(24, 40, nn.ReLU6, stride=2),
        block4=Residual(inverted(40, 40, nn.ReLU), relu=False),
        block5=Branches(point, separable(40, 32)),
        head=chain(conv=convolution(64, 96), norm=nn.BatchNorm2d(96), relu6=nn.ReLU6()),
        global_pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        classifier=nn.Linear(96, classes),
    )
