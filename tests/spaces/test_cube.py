"""Laws of the unit cube."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from optuna.distributions import FloatDistribution, IntDistribution

from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.cube import UnitCube

pytestmark = pytest.mark.filterwarnings("ignore:The distribution is specified by")

SIZES = st.floats(1e-12, 1e12)
POSITIVE = st.floats(1e-300, 1e300)
REAL = st.floats(-1e12, 1e12)


@st.composite
def float_axes(draw):
    log = draw(st.booleans())
    low = draw(POSITIVE if log else REAL)
    high = low * draw(st.floats(1.0, 1e6)) if log else low + draw(SIZES)
    assume(math.isfinite(high))
    return FloatAxis(low, high, log=log)


@st.composite
def stepped_axes(draw):
    log = draw(st.booleans())
    step = draw(st.sampled_from([1.0, 0.5, 0.1, 0.01, 0.3, 7.0]) | st.floats(1e-3, 1e3))
    low = step * draw(st.integers(1 if log else -50, 50))
    high = low + step * draw(st.integers(0, 10**4)) + draw(st.floats(0.0, 0.9)) * step
    return FloatAxis(low, high, log=log, step=step)


@st.composite
def int_axes(draw):
    log = draw(st.booleans())
    low = draw(st.integers(1 if log else -(10**15), 10**15))
    span = draw(st.integers(0, 20) | st.integers(0, 10**15))
    return IntAxis(low, low + span, log=log, step=draw(st.integers(1, 12)))


CHOICES = st.lists(
    st.none() | st.booleans() | st.integers(0, 2) | st.floats(0, 2) | st.text(max_size=1),
    min_size=1,
    max_size=6,
)
AXES = (
    float_axes()
    | stepped_axes()
    | int_axes()
    | st.builds(CategoricalAxis, CHOICES.map(tuple))
    | st.builds(NormalAxis, st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
    | st.builds(NormalAxis, st.floats(-9, 9), st.floats(0.1, 9), step=st.floats(0.01, 9))
)
CUBES = st.lists(AXES, min_size=1, max_size=4).map(
    lambda axes: UnitCube({f"p{i}": axis for i, axis in enumerate(axes)})
)


@settings(max_examples=300, deadline=None)
@given(cube=CUBES, data=st.data())
def test_the_point_of_the_parameters_of_u_is_u_snapped(cube, data):
    coordinate = st.floats(0.0, 1.0) | st.sampled_from([0.0, 1.0, 0.5])
    u = np.array(data.draw(st.lists(coordinate, min_size=cube.dim, max_size=cube.dim)))
    params = cube.params(u)
    point = cube.point(params)
    assert point.shape == (cube.dim,) and point.dtype == np.float64
    assert_array_equal(point, cube.snap(u))
    assert_array_equal(cube.snap(point), point)
    again = cube.params(point)
    assert again == params
    assert [type(again[name]) for name in params] == [type(value) for value in params.values()]


@settings(max_examples=200, deadline=None)
@given(cube=CUBES, seed=st.integers(0, 99))
def test_snapping_many_points_equals_snapping_each(cube, seed):
    u = np.random.default_rng(seed).uniform(-0.2, 1.2, (3, 2, cube.dim))
    snapped = cube.snap(u)
    assert snapped.shape == u.shape
    assert ((snapped >= 0) & (snapped <= 1)).all()
    assert_array_equal(snapped, [[cube.snap(row) for row in rows] for rows in u])


@settings(max_examples=200, deadline=None)
@given(low=REAL, size=SIZES, where=st.floats(0, 1))
def test_a_float_of_other_origin_hardly_moves(low, size, where):
    high = low + size
    value = min(max(low + where * size, low), high)
    assume(low < high)
    cube = UnitCube({"x": FloatAxis(low, high)})
    back = cube.params(cube.point({"x": value}))["x"]
    assert abs(back - value) <= 1e-14 * (high - low) + 16 * math.ulp(max(abs(low), abs(high)))


@settings(max_examples=200, deadline=None)
@given(axis=float_axes() | stepped_axes() | int_axes())
def test_both_ends_of_a_range_are_reached_exactly(axis):
    cube = UnitCube({"x": axis})
    low, high = (cube.params(np.full(cube.dim, end))["x"] for end in (0.0, 1.0))
    if axis.log and isinstance(axis, IntAxis) and axis.high >= 10**12:
        assert low == pytest.approx(axis.low, rel=1e-13)
        assert high == pytest.approx(axis.high, rel=1e-13, abs=axis.step)
        return
    assert low == axis.low
    assert high <= axis.high
    if axis.step is None:
        assert high == axis.high
    else:
        assert high > axis.high - axis.step * (1 + 1e-9)


@given(axis=int_axes(), data=st.data())
def test_every_integer_of_an_axis_goes_there_and_back(axis, data):
    assume(not axis.log or axis.high < 10**12)
    value = axis.low + axis.step * data.draw(
        st.integers(0, (axis.high - axis.low) // axis.step), label="step"
    )
    cube = UnitCube({"x": axis})
    assert cube.params(cube.point({"x": value})) == {"x": value}


@settings(max_examples=300, deadline=None)
@given(axis=stepped_axes() | int_axes(), u=st.floats(0, 1))
def test_stepped_values_are_valid_for_optuna(axis, u):
    if isinstance(axis, IntAxis):
        distribution = IntDistribution(axis.low, axis.high, step=axis.step)
    else:
        distribution = FloatDistribution(axis.low, axis.high, step=axis.step)
    cube = UnitCube({"x": axis})
    value = cube.params(np.full(cube.dim, u))["x"]
    assert distribution._contains(distribution.to_internal_repr(value))


def test_a_step_that_does_not_divide_the_range_ends_below_high():
    cube = UnitCube({"x": FloatAxis(0.1, 0.95, step=0.1)})
    values = [cube.params(u)["x"] for u in cube.points()]
    assert cube.n_points == 9
    np.testing.assert_allclose(values, np.arange(1, 10) / 10)
    assert values[-1] == FloatDistribution(0.1, 0.95, step=0.1).high


@pytest.mark.parametrize(
    "axis", [IntAxis(3, 7), IntAxis(0, 20, step=5), FloatAxis(0, 2, step=0.5)]
)
def test_discrete_values_own_bins_of_equal_width_and_are_told_by_their_middle(axis):
    cube = UnitCube({"x": axis})
    assert_array_equal(cube.points(), (np.arange(5) + 0.5)[:, None] / 5)
    bins = [cube.params(np.array([u]))["x"] for u in np.linspace(0.001, 0.999, 1000)]
    assert [bins.count(value) for value in sorted(set(bins))] == [200] * 5


def test_log_integers_change_half_way_and_are_told_by_the_middle_of_their_bin():
    cube = UnitCube({"x": IntAxis(1, 100, log=True)})
    low, high = math.log(0.5), math.log(100.5)
    for value in (1, 2, 17, 100):
        edges = [(math.log(value + side) - low) / (high - low) for side in (-0.5, 0.5)]
        assert cube.point({"x": value})[0] == pytest.approx(np.mean(edges), abs=1e-12)
        inside = np.array([edges[0] + 1e-9, edges[1] - 1e-9])
        assert [cube.params(u)["x"] for u in inside[:, None]] == [value, value]


def test_a_log_axis_is_linear_in_log():
    cube = UnitCube({"x": FloatAxis(1e-4, 1.0, log=True)})
    assert cube.params(np.array([0.25]))["x"] == pytest.approx(1e-3)
    assert cube.point({"x": 1e-2})[0] == pytest.approx(0.5)


def test_normal_axes_follow_the_inverse_cdf():
    cube = UnitCube({"x": NormalAxis(3.0, 2.0), "q": NormalAxis(0.0, 5.0, step=2.0)})
    params = cube.params(np.array([0.9772498680518208, 0.5]))
    assert params["x"] == pytest.approx(7.0)
    assert params["q"] == 0.0
    assert cube.params(np.array([0.5, 0.7]))["q"] == 2.0  # 2.62 is nearer to 2 than to 4
    assert cube.n_points == math.inf


def test_single_values_take_no_coordinate_and_come_back_all_the_same():
    axes = {"a": IntAxis(4, 6, step=5), "b": FloatAxis(1.5, 1.5), "c": CategoricalAxis((None,))}
    cube = UnitCube({**axes, "x": IntAxis(0, 1)})
    assert (cube.dim, cube.n_points) == (1, 2)
    assert cube.params(np.array([0.9])) == {"a": 4, "b": 1.5, "c": None, "x": 1}
    empty = UnitCube(axes)
    assert (empty.dim, empty.n_points) == (0, 1)
    assert empty.params(empty.point({"a": 4, "b": 1.5, "c": None})) == {
        "a": 4,
        "b": 1.5,
        "c": None,
    }
    assert empty.points().shape == (1, 0)


def test_choices_come_back_as_the_objects_themselves():
    choices = ([1, 2], {"a": 1}, None, True, 1, 1.0, float("nan"), np.arange(3), "1")
    cube = UnitCube({"c": CategoricalAxis(choices)})
    assert cube.dim == len(choices)
    for k, choice in enumerate(choices):
        u = cube.point({"c": choice})
        assert_array_equal(u, np.eye(len(choices))[k])
        assert cube.params(u)["c"] is choice
    assert cube.point({"c": np.float64("nan")})[6] == 1.0
    assert cube.point({"c": {"a": 1}})[1] == 1.0


def test_a_repeated_choice_counts_once():
    cube = UnitCube({"c": CategoricalAxis(("a", "b", "a", [0], [0], math.nan, float("nan")))})
    assert cube.n_points == 4


def test_an_equal_number_of_another_type_finds_its_choice():
    cube = UnitCube({"c": CategoricalAxis((1.0, 2.0))})
    assert_array_equal(cube.point({"c": 2}), [0.0, 1.0])


def test_the_largest_of_a_categorical_block_wins():
    cube = UnitCube({"c": CategoricalAxis(("a", "b", "c")), "x": FloatAxis(0, 1)})
    assert_array_equal(cube.snap(np.array([0.2, 0.9, 0.3, 0.25])), [0, 1, 0, 0.25])


def test_the_points_of_a_finite_cube_are_all_distinct_and_valid():
    cube = UnitCube(
        {
            "i": IntAxis(1, 4, log=True),
            "c": CategoricalAxis(("a", "b", "c")),
            "s": FloatAxis(0.0, 1.0, step=0.25),
        }
    )
    points = cube.points()
    assert points.shape == (60, 5) and cube.n_points == 60
    assert len(np.unique(points, axis=0)) == 60
    assert_array_equal(cube.snap(points), points)


def test_samples_are_valid_and_uniform_over_values():
    cube = UnitCube({"i": IntAxis(1, 4), "c": CategoricalAxis("abc"), "x": FloatAxis(0, 1)})
    u = cube.sample(np.random.default_rng(0), 12_000)
    assert_array_equal(cube.snap(u), u)
    _, counts = np.unique(u[:, 0], return_counts=True)
    assert abs(counts - 3000).max() < 200
    assert abs(u[:, 1:4].sum(0) - 4000).max() < 200
    assert abs(u[:, 4].mean() - 0.5) < 0.01


def test_huge_axes_work():
    cube = UnitCube({"seed": IntAxis(0, 2**63 - 1), "c": CategoricalAxis(range(10_000))})
    u = cube.sample(np.random.default_rng(0), 2)
    for row in u:
        assert_array_equal(cube.point(cube.params(row)), row)
    assert cube.params(np.zeros(cube.dim))["seed"] == 0
    assert cube.params(np.ones(cube.dim))["seed"] == 2**63 - 1
    assert cube.n_points == pytest.approx(2.0**63 * 10_000)


@pytest.mark.parametrize(
    "axis", [FloatAxis(1e10, 1e10 + 1e-5), FloatAxis(1.0, 1.0 + 1e-9, log=True)]
)
def test_a_range_hardly_wider_than_float_resolution_still_goes_round(axis):
    cube = UnitCube({"x": axis})
    for u in np.linspace(0, 1, 101)[:, None]:
        params = cube.params(u)
        assert axis.low <= params["x"] <= axis.high
        assert_array_equal(cube.point(params), cube.snap(u))


def test_a_cube_survives_copies():
    cube = UnitCube(
        {"x": FloatAxis(0, 1), "c": CategoricalAxis("ab"), "i": IntAxis(1, 9, log=True)}
    )
    u = cube.sample(np.random.default_rng(0), 1)[0]
    for other in (copy.deepcopy(cube), pickle.loads(pickle.dumps(cube))):
        assert other.params(u) == cube.params(u)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: FloatAxis(1.0, 0.0), "low must not exceed high"),
        (lambda: FloatAxis(0.0, math.inf), "must be finite"),
        (lambda: FloatAxis(math.nan, 1.0), "must be finite"),
        (lambda: FloatAxis(-1e308, 1e308), "must be finite"),
        (lambda: FloatAxis(0.0, 1.0, log=True), "needs low > 0"),
        (lambda: FloatAxis(0.0, 1.0, step=0.0), "step must be positive"),
        (lambda: FloatAxis(0.0, 1.0, step=math.nan), "step must be positive"),
        (lambda: IntAxis(3, 2), "low must not exceed high"),
        (lambda: IntAxis(0, 2, log=True), "needs low > 0"),
        (lambda: IntAxis(0, 2, step=0), "step must be positive"),
        (lambda: CategoricalAxis(()), "at least one choice"),
        (lambda: NormalAxis(0.0, 0.0), "sd and step positive"),
        (lambda: NormalAxis(math.inf, 1.0), "mean must be finite"),
    ],
)
def test_impossible_axes_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_integer_axes_refuse_floats_and_cubes_refuse_other_objects():
    with pytest.raises(TypeError, match="low must be an integer; use FloatAxis"):
        IntAxis(0.5, 2)
    with pytest.raises(TypeError, match="expected FloatAxis, IntAxis"):
        UnitCube({"x": (0, 1)})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"x": 0.5, "i": 1}, r"expected the parameters \['c', 'i', 'x'\], got \['i', 'x'\]"),
        ({"x": 0.5, "i": 1, "c": "a", "z": 0}, "got"),
        ({"x": 1.5, "i": 1, "c": "a"}, "1.5 is no value of parameter 'x', FloatAxis"),
        ({"x": math.nan, "i": 1, "c": "a"}, "nan is no value of parameter 'x'"),
        ({"x": "0.5", "i": 1, "c": "a"}, "'0.5' is no value of parameter 'x'"),
        ({"x": 0.5, "i": 10, "c": "a"}, "10 is no value of parameter 'i'"),
        ({"x": 0.5, "i": 0, "c": "a"}, "0 is no value of parameter 'i'"),
        ({"x": 0.5, "i": 1, "c": "d"}, "'d' is no value of parameter 'c'"),
    ],
)
def test_parameters_outside_the_cube_are_refused_by_name(params, message):
    cube = UnitCube({"x": FloatAxis(0, 1), "i": IntAxis(1, 9), "c": CategoricalAxis("abc")})
    with pytest.raises(ValueError, match=message):
        cube.point(params)


def test_points_of_the_wrong_shape_or_with_nan_are_refused():
    cube = UnitCube({"x": FloatAxis(0, 1), "y": FloatAxis(0, 1)})
    with pytest.raises(ValueError, match=r"expected a point of shape \(2,\), got \(3,\)"):
        cube.params(np.zeros(3))
    with pytest.raises(ValueError, match="must not hold NaN"):
        cube.params(np.array([0.0, math.nan]))
    with pytest.raises(ValueError, match="no list of its points"):
        cube.points()
