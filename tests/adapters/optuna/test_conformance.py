"""Optuna's own conformance tests of samplers."""

import pytest

from l2l_sampler import LearnedSampler

cases = pytest.importorskip("optuna.testing.pytest_samplers", reason="Optuna 4 has no such tests")


class TestConformance(
    cases.BasicSamplerTestCase,
    cases.RelativeSamplerTestCase,
    cases.MultiObjectiveSamplerTestCase,
):
    @pytest.fixture
    def sampler(self, policy):
        return lambda: LearnedSampler(policy)
