"""The order in which a study's trials were asked and told."""

from tests.adapters.optuna.reading import imported, new_study, read


def moments(*trials, unknown=()):
    """Names of the events of a study of these (start, end) pairs, in the order read."""
    study = new_study()
    study.add_trials([imported(k, start, end, x=k / 8) for k, (start, end) in enumerate(trials)])
    for trial in study.get_trials(deepcopy=False):
        if trial.number in unknown:
            trial.datetime_start = trial.datetime_complete = None
    history = read(study)
    k = (8 * history.x[:, 0]).astype(int)
    events = [(t, f"ask{i}") for t, i in zip(history.asked, k, strict=True)]
    events += [(t, f"tell{i}") for t, i in zip(history.told, k, strict=True)]
    assert len({t for t, _ in events}) == len(events)
    return [name for _, name in sorted(events)]


def test_a_sequential_study_alternates_asks_and_tells_even_when_the_clock_stands_still():
    expected = ["ask0", "tell0", "ask1", "tell1", "ask2", "tell2"]
    assert moments((0, 1), (1, 2), (2, 3)) == expected
    assert moments((0, 0), (0, 0), (0, 0)) == expected


def test_a_parallel_study_keeps_the_order_of_its_events():
    assert moments((0, 9), (1, 4), (2, 3), (5, 6)) == [
        "ask0",
        "ask1",
        "ask2",
        "tell2",
        "tell1",
        "ask3",
        "tell3",
        "tell0",
    ]


def test_trials_are_ordered_by_the_moment_of_asking_not_by_number():
    assert moments((5, 6), (0, 1)) == ["ask1", "tell1", "ask0", "tell0"]


def test_trials_without_moments_come_first_in_the_order_of_their_numbers():
    assert moments((3, 4), (5, 6), (7, 8), unknown=(1, 2)) == [
        "ask1",
        "tell1",
        "ask2",
        "tell2",
        "ask0",
        "tell0",
    ]
