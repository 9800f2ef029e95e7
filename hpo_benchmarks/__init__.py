"""The paper's experiments beside today's samplers: `python -m hpo_benchmarks --help`."""
