"""A small neural network trained for real: the stand-in for the paper's residual network."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from hpo_benchmarks.problems.problem import Params, Problem

EPOCHS = 10
SPACE: dict[str, BaseDistribution] = {
    "learning_rate": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 0.99),
    "weight_decay": FloatDistribution(1e-6, 1e-1, log=True),
    "dropout": FloatDistribution(0.0, 0.8),
    "batch_size": IntDistribution(32, 256, log=True),
    "width": IntDistribution(16, 256, log=True),
}


@lru_cache(maxsize=1)
def _digits() -> Any:
    """Training images and labels, then validation images and labels, as tensors."""
    import torch
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    x, x_valid, y, y_valid = train_test_split(
        torch.tensor(images / 16.0, dtype=torch.float32),
        torch.tensor(labels),
        train_size=700,
        random_state=0,
        stratify=labels,
    )
    return x, y, x_valid, y_valid


def train_network(params: Params, seed: int) -> float:
    """Validation error of a two-layer perceptron on digits; 1 if the training diverges."""
    import torch
    from torch.nn import Dropout, Linear, ReLU, Sequential
    from torch.nn.functional import cross_entropy

    x, y, x_valid, y_valid = _digits()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        width = params["width"]
        network = Sequential(
            *(Linear(64, width), ReLU(), Dropout(params["dropout"])),
            *(Linear(width, width), ReLU(), Dropout(params["dropout"])),
            Linear(width, 10),
        )
        optimizer = torch.optim.SGD(
            network.parameters(),
            lr=params["learning_rate"],
            momentum=params["momentum"],
            weight_decay=params["weight_decay"],
            fused=True,
        )
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(x)).split(params["batch_size"]):
                loss = cross_entropy(network(x[batch]), y[batch])
                if not torch.isfinite(loss):
                    return 1.0
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    network.eval()
    with torch.no_grad():
        return float((network(x_valid).argmax(dim=1) != y_valid).float().mean())


def problems() -> list[Problem]:
    """The network tuned by one worker, and by the paper's five."""
    return [
        Problem(
            name=f"mlp-digits-{workers}-workers" if workers > 1 else "mlp-digits",
            suite="neural",
            space=SPACE,
            objective=train_network,
            source="stands in for the residual network of Chen et al. 2017, section 3.4: "
            "a two-layer perceptron on 700 handwritten digits, error on 1,097 others",
            cost="0.05 to 0.5 seconds",
            workers=workers,
        )
        for workers in (1, 5)
    ]
