"""Training trajectories grow."""

import numpy as np

from train.curriculum import horizon_at


def test_the_curriculum_grows_from_first_to_last():
    lengths = [horizon_at(progress, 10, 100) for progress in np.linspace(0.0, 1.0, 21)]
    assert (lengths[0], lengths[10], lengths[-1]) == (10, 100, 100)
    assert lengths == sorted(lengths)
    assert horizon_at(0.0, 20, 15) == 15
