"""From a model file to the network that is calibrated: folded, described, and as chosen equalized.

A pass leaves the function of the network as it is; what changes it is a choice that is told.
"""
