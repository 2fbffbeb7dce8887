import torch

from charseq.search import Hypothesis, answer_texts
from charseq.text import Input


def test_answers_come_in_the_order_of_the_texts_whatever_the_threads(
    toy_translator, toy_pairs, monkeypatch
) -> None:
    inputs = [Input(source) for source, _ in toy_pairs[::7]]
    inputs += map(Input, ["", "abba", "abba"])

    def answers() -> list[Hypothesis]:
        model = toy_translator.model
        return answer_texts(model, model.stepper(), toy_translator.description, inputs)

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = answers()
        torch.set_num_threads(3)
        monkeypatch.setattr("charseq.search.texts.MOST_ROWS", 16)
        together = answers()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert [answer.ids for answer in together] == [answer.ids for answer in alone]
    targets = toy_translator.description.targets
    assert targets.text(together[-1].ids) == "ABBA"
    assert together[-1] is together[-2]
    assert together[-3].ids == ()
