"""Metrics of your own for `quantscope validate --custom metrics.py --trust-python`.

Each function that takes `outputs` and `labels` is a metric and returns one number for all samples
together. `outputs` is a list with one mapping for each sample, from the names of the network's
outputs to arrays with their leading axis. `labels` is a list with one label for each sample: a
class number, an array, a mapping with `boxes` and `classes`, or None where there are no labels.
"""

import numpy as np


def mean_confidence(outputs, labels):
    """How sure a classifier is of its answers: the mean largest probability."""
    return np.mean([_probabilities(each).max() for each in outputs])


def log_loss(outputs, labels):
    """The mean negative logarithm of the probability of the right class."""
    if None in labels:
        raise ValueError("the samples have no labels")
    pairs = zip(outputs, labels, strict=True)
    right = [_probabilities(each)[label] for each, label in pairs]
    return -np.mean(np.log(np.maximum(right, 1e-12)))


def _probabilities(output):
    scores = np.ravel(next(iter(output.values()))).astype(float)
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()
