import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import ABC, START, A, B, C, every_answer, scripted, search, searched, sharp_model

from charseq.search import beam_search, greedy, sample
from charseq.search.prefixes import Prefixes

CPU = torch.device("cpu")
IDS = st.lists(st.sampled_from([A, B, C]), max_size=4)


def test_every_answer_begins_with_its_own_prefix_and_goes_on_as_the_model_likes() -> None:
    prefixes = Prefixes.of([[], [C], [C, A], [A, B]], CPU)
    script = {**ABC, C: [0.0, 0.1, 0.0, 0.1, 0.7, 0.1]}
    found = search(greedy, scripted(script), [9] * 4, constraint=prefixes)
    assert [each.ids for each in found] == [[A, B], [C, B], [C, A, B], [A, B]]
    # What is forced counts as improbable as it is.
    assert found[1].log_probability == pytest.approx(np.log(0.1 * 0.7 * 0.5))


@settings(max_examples=15)
@given(st.integers(0, 100), st.lists(IDS, min_size=1, max_size=3))
def test_a_beam_finds_the_best_of_all_answers_with_the_prefix(seed, prefixes) -> None:
    model, count = sharp_model(seed), len(prefixes)
    sources = torch.randint(0, 5, (count, 3))
    constraint = Prefixes.of(prefixes, CPU)
    chosen = {"limits": [4] * count, "beam": 81, "n_best": 3, "constraint": constraint}
    found = searched(model, beam_search, sources, [3] * count, **chosen)
    with torch.inference_mode():
        for row, prefix in enumerate(prefixes):
            fitting = [
                each.score(0.6)
                for each in every_answer(model, sources[row], 4)
                if each.ids[: len(prefix)] == prefix
            ]
            best = sorted(fitting, reverse=True)[:3]
            assert [each.score(0.6) for each in found[row]] == pytest.approx(best, abs=1e-4)


@settings(max_examples=15)
@given(st.integers(0, 100), st.lists(IDS, min_size=1, max_size=8))
def test_samples_keep_their_prefixes_as_rows_leave(seed, prefixes) -> None:
    model, count = sharp_model(seed), len(prefixes)
    drawn = searched(
        model,
        sample,
        torch.randint(0, 5, (count, 3)),
        [3] * count,
        limits=[8] * count,
        numbers=np.arange(count),
        seed=seed,
        constraint=Prefixes.of(prefixes, CPU),
    )
    assert [each.ids[: len(prefix)] for each, prefix in zip(drawn, prefixes, strict=True)] == (
        prefixes
    )


def test_a_prefix_that_the_model_finds_impossible_has_no_answer() -> None:
    never = {START: [0.0, 0.2, 0.0, 0.8, 0.0, 0.0]}
    constraint = Prefixes.of([[B]], CPU)
    (found,) = search(greedy, scripted(never), [5], constraint=constraint)
    assert (found.possible, list(found.ids), found.cut) == (False, [], False)
    assert search(beam_search, scripted(never), [5], beam=2, constraint=constraint) == [[found]]
