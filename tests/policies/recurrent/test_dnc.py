"""Invariants of the DNC's external memory (Graves et al., 2016, Methods)."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from l2l_sampler.policies.recurrent.dnc_memory import (
    Interface,
    allocation_weighting,
    content_weighting,
    empty_memory,
    interface_size,
    link_after,
    parse_interface,
    step_memory,
    usage_after,
)

B, N, W, R = 3, 6, 4, 2
BACKWARD, CONTENT, FORWARD = np.eye(3)


def random_steps(seed, steps=25, scale=3.0):
    """Memories met when the controller asks for random things."""
    rng = np.random.default_rng(seed)
    memory = empty_memory(B, N, W, R, np.zeros(1))
    for _ in range(steps):
        v = scale * rng.standard_normal((B, interface_size(W, R)))
        memory, words = step_memory(memory, parse_interface(v, W, R))
        yield memory, words


def ask(word, *, key=None, free=0.0, mode=CONTENT, gate=1.0, allocate=1.0):
    """One run's interface that writes `word` into a fresh slot and reads with one head."""
    key = word if key is None else key
    return Interface(
        read_key=np.reshape(key, (1, 1, W)),
        read_strength=np.full((1, 1), 200.0),
        write_key=np.reshape(key, (1, W)),
        write_strength=np.full(1, 200.0),
        erase=np.ones((1, W)),
        write=np.reshape(word, (1, W)),
        free=np.full((1, 1), free),
        allocate=np.full(1, allocate),
        write_gate=np.full(1, gate),
        modes=np.reshape(mode, (1, 1, 3)),
    )


def write(words):
    """Memory of one run after writing each of the words into its own slot."""
    memory = empty_memory(1, N, W, 1, np.zeros(1))
    for word in words:
        memory, _ = step_memory(memory, ask(word))
    return memory


def test_the_interface_is_split_into_parts_of_the_papers_ranges():
    v = 4.0 * np.random.default_rng(0).standard_normal((B, interface_size(W, R)))
    parts = parse_interface(v, W, R)
    assert sum(part.size for part in parts) == v.size
    for gate in (parts.erase, parts.free, parts.allocate, parts.write_gate):
        assert np.all((gate >= 0) & (gate <= 1))
    assert np.all(parts.read_strength >= 1) and np.all(parts.write_strength >= 1)
    assert_allclose(parts.modes.sum(-1), 1.0)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_weightings_are_non_negative_and_sum_to_at_most_one(seed):
    for memory, _ in random_steps(seed):
        for weighting in (memory.ww, memory.wr, memory.p, allocation_weighting(memory.u)):
            assert np.all(weighting >= 0.0)
            assert np.all(weighting.sum(-1) <= 1.0 + 1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_usage_and_links_stay_in_range(seed):
    for memory, _ in random_steps(seed):
        assert np.all((memory.u >= 0.0) & (memory.u <= 1.0 + 1e-12))
        assert np.all(memory.L >= -1e-12)
        assert np.all(memory.L.sum(1) <= 1.0 + 1e-9)
        assert np.all(memory.L.sum(2) <= 1.0 + 1e-9)
        assert np.all(np.diagonal(memory.L, axis1=1, axis2=2) == 0.0)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_allocation_matches_the_papers_formula(usage):
    order = np.argsort(np.round(np.array(usage) * 2**20), kind="stable")
    expected = np.empty(len(usage))
    for j, slot in enumerate(order):
        expected[slot] = (1 - usage[slot]) * np.prod([usage[i] for i in order[:j]])
    assert_allclose(allocation_weighting(np.array([usage]))[0], expected, atol=1e-12)


def test_allocation_picks_the_free_slot_and_nothing_when_all_are_used():
    assert_allclose(allocation_weighting(np.array([[1.0, 1.0, 0.0, 1.0]])), [[0, 0, 1, 0]])
    assert_allclose(allocation_weighting(np.ones((1, 4))), np.zeros((1, 4)))


def test_freeing_a_slot_makes_it_allocatable_again():
    words = np.eye(W)[[0, 1, 2, 3, 0, 1]] + 0.1 * np.arange(N)[:, None]
    memory = write(words)
    assert_allclose(memory.u + memory.ww - memory.u * memory.ww, np.ones((1, N)))
    memory, _ = step_memory(memory, ask(words[2], gate=0.0))  # read the third word
    slot = np.argmax(memory.wr[0, 0])
    assert_allclose(allocation_weighting(usage_after(memory, np.zeros((1, 1))))[0], 0, atol=1e-9)
    freed = allocation_weighting(usage_after(memory, np.ones((1, 1))))[0]
    assert slot == 2 and np.argmax(freed) == slot and freed[slot] > 0.9


def test_content_lookup_finds_the_written_word():
    words = np.random.default_rng(3).standard_normal((N, W))
    memory = write(words)
    for word in words:
        noisy = word + 0.01 * np.random.default_rng(4).standard_normal(W)
        _, read = step_memory(memory, ask(word, key=noisy, gate=0.0))
        assert_allclose(read[0, 0], word, atol=0.05)


def test_content_weighting_is_uniform_over_an_empty_memory():
    key = np.random.default_rng(0).standard_normal((1, R, W))
    assert_allclose(content_weighting(np.zeros((1, N, W)), key, np.ones((1, R))), 1.0 / N)


@pytest.mark.parametrize(("mode", "order"), [(FORWARD, [1, 2, 3]), (BACKWARD, [1, 0])])
def test_reading_along_the_links_follows_the_order_of_writing(mode, order):
    words = np.random.default_rng(5).standard_normal((4, W))
    memory, _ = step_memory(write(words), ask(words[1], gate=0.0))
    reads = []
    for _ in order:
        reads.append(memory.wr[0, 0] @ memory.M[0])
        memory, _ = step_memory(memory, ask(words[1], gate=0.0, mode=mode))
    assert_allclose(reads, words[order], atol=0.05)


def test_links_join_consecutive_writes():
    one_hot = np.eye(N)[:, None]
    L = link_after(np.zeros((1, N, N)), one_hot[3], one_hot[1])
    assert L[0, 1, 3] == 1.0 and L.sum() == 1.0


def test_erasing_overwrites_and_a_closed_gate_keeps_the_memory():
    memory = write([np.arange(1.0, 5.0)])
    kept, _ = step_memory(memory, ask(np.ones(W), gate=0.0))
    assert_allclose(kept.M, memory.M)
    overwritten, _ = step_memory(
        memory, ask(np.full(W, 9.0), key=np.arange(1.0, 5.0), allocate=0.0)
    )
    assert_allclose(overwritten.M[0, 0], np.full(W, 9.0), rtol=0.05)


def test_the_gradient_through_the_memory_is_finite_and_reaches_every_step():
    v = torch.randn(
        4, B, interface_size(W, R), generator=torch.Generator().manual_seed(0), dtype=torch.float64
    ).requires_grad_()
    memory = empty_memory(B, N, W, R, v)
    for k in range(4):
        memory, words = step_memory(memory, parse_interface(v[k], W, R))
    words.square().sum().backward()
    assert torch.isfinite(v.grad).all()
    assert (v.grad.abs().amax((1, 2)) > 0).all()
