"""Values that a stranger may write into a JSON file, and places where they may stand."""

from copy import deepcopy

from hypothesis import strategies as st

ODD = st.sampled_from(
    [None, True, False, 0, -1, 1, 2**31, 2**64, 10**400, -(10**400), 0.5, 1e308, 5e-324]
    + [
        float("nan"),
        float("inf"),
        float("-inf"),
        "",
        "x",
        "memory",
        "../../x",
        "\ud800",
        "0" * 999,
    ]
    + [[], {}, [[]], [None], {"x": 1}, {"float": "nan"}, {"float": "inf"}, [0.5], [1, 2]]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=9,
)
VALUES = ODD.map(deepcopy) | JSON


def places(value, path=()):
    """The way to every value inside a JSON value, itself left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        yield (*path, key)
        if isinstance(part, (dict, list)):
            yield from places(part, (*path, key))


@st.composite
def changed(draw, value):
    """A JSON value with up to three of its parts replaced, left out or added; it is altered."""
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(sorted(places(value), key=str) or [()]))
        if not way:
            break
        holder = value
        for key in way[:-1]:
            holder = holder[key]
        match draw(st.sampled_from(["replace", "leave out", "add"])):
            case "replace":
                holder[way[-1]] = draw(VALUES)
            case "leave out":
                del holder[way[-1]]
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=5))] = draw(VALUES)
            case _:
                holder.append(draw(VALUES))
    return value
