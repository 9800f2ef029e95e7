"""Conditional spaces at random, for tests of their laws."""

from hypothesis import strategies as st

from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.conditional import ConditionalCube
from l2l_sampler.spaces.conditions import Excluded, Within

FINITE = (
    st.builds(lambda n: CategoricalAxis(tuple("abcde"[:n])), st.integers(1, 4))
    | st.builds(lambda low, size: IntAxis(low, low + size), st.integers(-3, 3), st.integers(0, 4))
    | st.builds(
        lambda low, size: IntAxis(low, low + size, log=True), st.integers(1, 3), st.integers(0, 4)
    )
    | st.builds(lambda n: FloatAxis(0.0, n * 0.25, step=0.25), st.integers(0, 3))
)
ANY = FINITE | st.builds(FloatAxis, st.just(-1.0), st.floats(0.5, 3.0))


@st.composite
def conditions(draw, name, axis):
    """A condition on a parent with this axis; it may hold always, or never."""
    if isinstance(axis, CategoricalAxis):
        return Excluded(name, draw(st.frozensets(st.integers(0, len(axis.choices) - 1))))
    bounds = st.none() | st.integers(axis.low - 1, axis.high + 1)
    return Within(name, draw(bounds), draw(bounds))


@st.composite
def cubes(draw, axes=ANY, most_parents=2):
    """A cube of up to six parameters, each under conditions on some that come before it."""
    found, rules, parents = {}, {}, []
    for k in range(draw(st.integers(1, 6))):
        name = f"p{k}"
        found[name] = draw(axes)
        n = draw(st.integers(0, min(most_parents, len(parents))))
        chosen = draw(st.permutations(parents))[:n]
        rules[name] = tuple(draw(conditions(parent, found[parent])) for parent in chosen)
        if isinstance(found[name], (CategoricalAxis, IntAxis)):
            parents.append(name)
    order = draw(st.permutations(list(found)))
    return ConditionalCube({name: found[name] for name in order}, rules)
