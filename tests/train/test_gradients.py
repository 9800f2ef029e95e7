"""Gradients are cut where they begin."""

import pytest
import torch

from train.gradients import clip_each_gradient


def test_no_proposal_contributes_more_than_its_share():
    points = torch.zeros(4, 2, 3, requires_grad=True)
    slopes = torch.ones(4, 2, 3)
    slopes[0, 0] = 1e6
    (slopes * clip_each_gradient(points * 1.0)).mean(dim=(0, 1)).sum().backward()
    norms = torch.linalg.vector_norm(points.grad, dim=-1) * 8
    assert float(norms[0, 0]) == pytest.approx(3.0, rel=1e-4)
    assert float(norms[1, 1]) == pytest.approx(3.0**0.5, rel=1e-4)
