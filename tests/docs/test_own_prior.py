"""What the page on priors of one's own tells to do can be done, and so can its example."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from examples import own_prior
from train.fit import main
from train.functions.priors import draw
from train.run import report

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/own-prior.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMAND = re.search(r"python -m train\.fit (.*--prior my_prior.*)", PAGE).group(1)
SMALL = ("--held-out", "4", "--horizon", "14", "--batch", "6", "--steps", "1")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(report, "VALIDATED_TRIALS", 3)
    monkeypatch.setattr(report, "BUDGETS", (2, 3))


def test_the_prior_of_the_page_is_trained_on_by_its_command(tmp_path, monkeypatch):
    (tmp_path / "my_prior.py").write_text(CODE[0])
    monkeypatch.delitem(sys.modules, "my_prior", raising=False)
    main([*COMMAND.replace("--minutes 2", "").split(), *SMALL])
    assert (tmp_path / "runs/mine/policy.safetensors").exists()


def test_the_tables_of_the_page_become_functions():
    rng = np.random.default_rng(0)
    past = [(x, x.sum(1)) for x in rng.random((2, 20, 3))]
    names = {"past_tables": past}
    exec(CODE[1], names)
    functions = names["similar"](4, 3, torch.Generator().manual_seed(0))
    assert functions.latent(torch.rand(4, 2, 3)).shape == (4, 2)


def test_the_example_draws_its_functions():
    functions = draw(own_prior.PRIOR, 5, 3, generator=torch.Generator().manual_seed(0))
    lowest = functions.values["lowest"][:, None]
    everywhere = torch.rand(5, 100, 3, generator=torch.Generator().manual_seed(1))
    assert (functions.latent(lowest) < functions.latent(everywhere)).all()


@pytest.mark.slow
def test_the_example_does_no_harm(tmp_path, capsys):
    own_prior.main("--steps 60", str(tmp_path / "run"), count=30)
    assert capsys.readouterr().out.count("by the training") == 3
