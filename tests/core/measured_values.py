"""Strategies for what diagnosis measures, to be written and read back."""

from typing import Any

from hypothesis import strategies as st

from quantscope.core.diagnosis.fix_costs import FixCost
from quantscope.core.diagnosis.fixes import Fix, FixKind
from quantscope.core.diagnosis.mixing import (
    CostFactors,
    Goal,
    Level,
    MeasuredMix,
    Mix,
    MixCost,
    MixFound,
)
from quantscope.core.diagnosis.sensitivity import (
    Basis,
    Deviation,
    ErrorOf,
    LayerSensitivity,
    Metric,
    Parts,
    Sensitivity,
)

FEW = 3
texts = st.text("ab/é", max_size=4)
reals = st.floats(allow_nan=False)
names = st.frozensets(texts, max_size=FEW)

deviations = st.builds(Deviation, noise=reals, agreement=st.none() | reals, cosine=reals)
errors = st.builds(ErrorOf, own=reals, outputs=deviations)
parts = st.builds(Parts, everything=errors, weights=errors, activations=errors)
layers = st.builds(
    LayerSensitivity,
    layer=texts,
    label=texts,
    operator=texts,
    predicted=reals,
    isolated=parts,
    results=reals,
    in_float=deviations,
    mean_share=reals,
    cumulative=st.none() | parts,
)
goals = st.builds(Goal, metric=st.sampled_from(Metric), at_least=reals)
factors = st.builds(CostFactors, wide=reals, in_float=reals)
mixes = st.builds(Mix, wide=names, in_float=names)
costs = st.builds(MixCost, relative=reals, narrow=reals, wide=reals, in_float=reals)
fix_costs = st.builds(FixCost, stored=st.integers(), moved=st.integers())
measured_mixes = st.builds(
    MeasuredMix,
    mix=mixes,
    raised=st.dictionaries(texts, st.sampled_from(Level), max_size=FEW),
    cost=costs,
    deviation=deviations,
)
found_mixes = st.builds(
    MixFound,
    goal=goals,
    factors=factors,
    samples=st.integers(0, 99),
    reached=st.booleans(),
    best=measured_mixes,
    curve=st.lists(measured_mixes, max_size=FEW).map(tuple),
)


def written(
    data: st.SearchStrategy[Any], settings: st.SearchStrategy[Any], types: st.SearchStrategy[Any]
) -> dict[type, st.SearchStrategy[Any]]:
    """By class, from strategies for descriptions of data, for settings and for data types."""
    number = st.integers(0, 99)
    bases = st.builds(
        Basis, fingerprint=texts, data=data, calibrated=number, settings=settings, samples=number
    )
    sensitivities = st.builds(
        Sensitivity,
        basis=bases,
        whole=deviations,
        layers=st.lists(layers, max_size=FEW).map(tuple),
        missing=st.lists(texts, max_size=FEW).map(tuple),
        seconds=reals,
    )
    fixes = st.builds(
        Fix,
        kind=st.sampled_from(FixKind),
        title=texts,
        reason=texts,
        predicted=reals,
        layer=texts,
        measured=st.none() | reals,
        cost=st.none() | fix_costs,
        pins=st.dictionaries(texts, types, max_size=FEW),
    )
    return {
        Basis: bases,
        CostFactors: factors,
        Deviation: deviations,
        ErrorOf: errors,
        Fix: fixes,
        FixCost: fix_costs,
        Goal: goals,
        LayerSensitivity: layers,
        MeasuredMix: measured_mixes,
        Mix: mixes,
        MixCost: costs,
        MixFound: found_mixes,
        Parts: parts,
        Sensitivity: sensitivities,
    }
