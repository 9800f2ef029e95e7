"""Symmetries of the unit cube."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from l2l_sampler.policies.recurrent.symmetry import Symmetry


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_symmetry_is_undone_and_keeps_distances(seed, dim):
    rng = np.random.default_rng(seed)
    symmetry, u = Symmetry.draw(rng, dim), rng.random((2, dim))
    seen = symmetry.apply(u)
    assert_allclose(symmetry.undo(seen), u, atol=1e-15)
    assert_allclose(np.linalg.norm(seen[0] - seen[1]), np.linalg.norm(u[0] - u[1]))


def test_every_symmetry_is_drawn():
    rng, point = np.random.default_rng(0), np.array([0.1, 0.3])
    seen = {tuple(Symmetry.draw(rng, 2).apply(point).round(3)) for _ in range(200)}
    assert len(seen) == 8
