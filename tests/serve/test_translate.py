"""`POST /v1/translate`: the answers are the translator's own."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from services import Service, close_to, events_of

from charseq import Translator

WORDS = ["abcda", "ddd", "b", "", "cab", "éa", "bacad"]


def test_one_text_or_many_get_the_translators_answers_in_order(
    service: Service, toy_translator: Translator
) -> None:
    wanted = [answer.as_dict() for answer in toy_translator.translate(WORDS)]
    answer = service.ask(texts=WORDS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["model"] == "toy"
    assert close_to(answer.json()["translations"], wanted)
    assert close_to(service.ask(texts=WORDS[0]).json()["translations"], wanted[:1])
    assert service.ask(texts=[]).json()["translations"] == []


@pytest.mark.parametrize(
    "settings",
    [
        {"beam": 4, "n_best": 3, "length_penalty": 0.2},
        {"prefix": "AB"},
        {"sample": True, "temperature": 2.0, "top_k": 3, "seed": 5},
        {"abstain_below": 0.9},
        {"prefix": ["A", "", "B", "", "C", "", "D"], "beam": 2},
    ],
    ids=str,
)
def test_every_way_of_finding_answers_is_the_translators(
    service: Service, toy_translator: Translator, settings: dict[str, Any]
) -> None:
    wanted = [answer.as_dict() for answer in toy_translator.translate(WORDS, **settings)]
    assert close_to(service.ask(texts=WORDS, **settings).json()["translations"], wanted)


def test_many_texts_are_answered_piece_by_piece_and_yet_as_one(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    texts = ["".join(word) for word in itertools.product("abcd", repeat=3)]
    service = serving({"toy": toy_translator}, batch_size=10)
    for settings in ({}, {"sample": True, "seed": 3, "temperature": 2.0}):
        wanted = [answer.as_dict() for answer in toy_translator.translate(texts, **settings)]
        assert close_to(service.ask(texts=texts, **settings).json()["translations"], wanted)


def test_heavy_texts_are_answered_a_few_at_a_time(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    texts = ["abcd" * 200, "b", "cdab" * 200, "dcba" * 200, "a"]
    service = serving({"toy": toy_translator})
    wanted = [answer.as_dict() for answer in toy_translator.translate(texts, beam=16)]
    assert close_to(service.ask(texts=texts, beam=16).json()["translations"], wanted)
    # 32,768 symbols, each counted sixteen times, are two of the long texts.
    assert 'charseq_batch_texts_count{model="toy"} 2.0\n' in service.get("/metrics").text


def test_features_and_languages_hold_for_all_texts_or_for_each(
    serving: Callable[..., Service], conjugator: Translator
) -> None:
    service = serving({"forms": conjugator})
    many = {"features": ["N;PL", "N;SG"], "language": ["x", "y"]}
    wanted = [answer.as_dict() for answer in conjugator.translate(["ab", "ba"], **many)]
    assert close_to(service.ask(texts=["ab", "ba"], **many).json()["translations"], wanted)
    one = {"features": "N;PL", "language": "y"}
    wanted = [answer.as_dict() for answer in conjugator.translate(["ab", "ba"], **one)]
    assert close_to(service.ask(texts=["ab", "ba"], **one).json()["translations"], wanted)


def test_the_model_is_the_first_or_the_one_that_is_named(
    serving: Callable[..., Service], toy_translator: Translator, speaker: Translator
) -> None:
    service = serving({"toy": toy_translator, "speaker": speaker})
    assert service.ask(texts="abc").json()["model"] == "toy"
    answer = service.ask(texts="abc", model="speaker").json()
    assert answer["model"] == "speaker"
    assert answer["translations"][0]["hypothesis"] == str(speaker.translate("abc"))
    unknown = service.ask(texts="abc", model="speakr")
    assert unknown.status_code == 404
    assert unknown.json()["error"] == {
        "kind": "not_found",
        "message": "unknown model 'speakr'; did you mean 'speaker'?",
    }


def test_an_explanation_says_how_each_symbol_came_about(
    serving: Callable[..., Service], speaker: Translator
) -> None:
    service = serving({"speaker": speaker})
    texts = ["abc", "", "zz"]
    answer = service.ask(texts=texts, explain=True, beam=3).json()["translations"]
    explained = speaker.explain(texts, [each["hypothesis"] for each in answer])
    for each, wanted in zip(answer, explained, strict=True):
        told = each["explanation"]
        assert told["source_symbols"] == list(wanted.source_symbols)
        assert told["conditions"] == 0
        assert close_to(told["symbols"], [symbol.as_dict() for symbol in wanted.symbols])
        total = sum(symbol["log_probability"] for symbol in told["symbols"])
        assert total == pytest.approx(each["log_probability"], abs=1e-3)
    assert "explanation" not in service.ask(texts="abc").json()["translations"][0]


def test_an_answer_that_was_cut_is_explained_and_streamed_without_an_end(
    serving: Callable[..., Service], short_spoken: Translator
) -> None:
    service = serving({"short": short_spoken})
    (answer,) = service.ask(texts="abcd", explain=True).json()["translations"]
    assert answer["cut"]
    symbols = answer["explanation"]["symbols"]
    assert "".join(symbol["symbol"] for symbol in symbols) == answer["hypothesis"]
    assert not any(symbol["end"] for symbol in symbols)
    events = events_of(service.ask(texts="abcd", stream=True).text)
    assert close_to([data for name, data in events if name == "symbol"], symbols)


def test_a_withheld_answer_is_explained(service: Service) -> None:
    (answer,) = service.ask(texts="éabcd", abstain_below=1, explain=True).json()["translations"]
    assert answer["abstained"]
    symbols = [each["symbol"] for each in answer["explanation"]["symbols"] if not each["end"]]
    assert "".join(symbols) == answer["withheld"]


def test_a_text_that_the_model_refuses_is_told_beside_the_others(service: Service) -> None:
    refused, answered = service.ask(texts=["ab", "cd"], prefix=["é", "D"], explain=True).json()[
        "translations"
    ]
    assert refused["error"] == "the model cannot write its prefix: é (U+00E9)"
    assert refused["hypothesis"] == ""
    assert answered["hypothesis"] == "DC"
    assert "error" not in answered


def test_a_stream_sends_the_symbols_and_then_the_whole_answer(
    serving: Callable[..., Service], speaker: Translator, conjugator: Translator
) -> None:
    service = serving({"speaker": speaker, "forms": conjugator})
    for fields in (
        {"model": "speaker", "texts": "abcd"},
        {"model": "speaker", "texts": ["abcd"], "prefix": "k"},
        {"model": "speaker", "texts": ""},
        {"model": "forms", "texts": "ab", "features": "N;PL", "language": "x"},
    ):
        answer = service.ask(**fields, stream=True)
        assert answer.headers["content-type"].startswith("text/event-stream")
        (start, told), *symbols, (last, translation) = events_of(answer.text)
        assert (start, last) == ("start", "translation")
        assert {name for name, _ in symbols} == {"symbol"}
        whole = service.ask(**fields, explain=True).json()["translations"][0]
        assert close_to([translation], [whole])
        explanation = whole["explanation"]
        assert close_to([symbol for _, symbol in symbols], explanation["symbols"])
        assert told == {
            "model": fields["model"],
            "source_symbols": explanation["source_symbols"],
            "conditions": explanation["conditions"],
        }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"texts": ["ab", "cd"]}, "stream takes one text, but there are 2"),
        (
            {"texts": "ab", "beam": 2},
            "stream writes the greedy answer: omit stream, or beam, sample and abstain_below",
        ),
        (
            {"texts": "ab", "abstain_below": 0},
            "stream writes the greedy answer: omit stream, or beam, sample and abstain_below",
        ),
        ({"texts": "ab", "prefix": "é"}, "the model cannot write its prefix: é (U+00E9)"),
    ],
)
def test_what_cannot_be_streamed_is_told_before_anything_is_sent(
    service: Service, fields: dict[str, Any], message: str
) -> None:
    answer = service.ask(**fields, stream=True)
    assert answer.status_code == 422
    assert answer.json() == {"error": {"kind": "invalid", "message": message}}


def test_requests_at_once_get_what_they_would_get_alone(
    serving: Callable[..., Service], speaker: Translator
) -> None:
    service = serving({"speaker": speaker})
    asked = [
        {"texts": word, **settings}
        for word in ("abc", "fed", "", "cab", "zz", "bé")
        for settings in ({}, {"beam": 3}, {"explain": True}, {"sample": True, "seed": 9})
    ]
    alone = [service.ask(**each).json()["translations"] for each in asked]
    together = [answer.json()["translations"] for answer in service.together(*asked)]
    assert all(map(close_to, together, alone))


class Fragile:
    """A translator on which certain texts have an effect that no text should have."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._translator, name)

    def translate(self, texts: list[str], **others: Any) -> Any:
        if "bad" in texts:
            raise RuntimeError("a secret text")
        return self._translator.translate(texts, **others)


def test_a_bad_request_never_disturbs_the_model(
    serving: Callable[..., Service], toy_translator: Translator, capfd
) -> None:
    service = serving({"toy": Fragile(toy_translator)})
    *good, bad = service.together(*({"texts": word} for word in ("ab", "cd", "dd", "bad")))
    hypotheses = [each.json()["translations"][0]["hypothesis"] for each in good]
    assert hypotheses == ["BA", "DC", "DD"]
    assert bad.status_code == 500
    assert bad.json()["error"]["kind"] == "internal"
    log = capfd.readouterr().err
    assert "RuntimeError" in log
    assert "secret" not in log
    assert service.ask(texts="ab").status_code == 200


def test_a_stream_that_breaks_ends_with_an_error_and_counts_as_one(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    service = serving({"toy": Fragile(toy_translator)})
    answer = service.ask(texts="bad", stream=True)
    assert answer.status_code == 200
    *_, (name, data) = events_of(answer.text)
    assert (name, data["error"]["kind"]) == ("error", "internal")
    counted = service.get("/metrics").text
    assert 'charseq_requests_total{path="/v1/translate",status="500"} 1.0\n' in counted


def test_a_page_elsewhere_may_call_only_where_it_is_allowed(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    def preflight(service: Service, origin: str) -> httpx.Response:
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        }
        return service.request("OPTIONS", "/v1/translate", headers=headers)

    allowed = "access-control-allow-origin"
    here, there = "https://here.example", "https://there.example"
    closed = serving({"toy": toy_translator})
    assert allowed not in preflight(closed, here).headers
    open_to_here = serving({"toy": toy_translator}, allow_origins=(here,), api_keys=("k",))
    assert preflight(open_to_here, here).headers[allowed] == here
    assert allowed not in preflight(open_to_here, there).headers
    # The question before a request is not counted as one.
    counted = open_to_here.get("/metrics").text
    assert 'path="/v1/translate"' not in counted
    assert 'charseq_requests_total{path="other",status="200"} 1.0\n' in counted


def test_a_page_elsewhere_may_read_why_there_is_no_answer(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    here, key = "https://here.example", {"Authorization": "Bearer k"}
    service = serving({"toy": Fragile(toy_translator)}, allow_origins=(here,), api_keys=("k",))

    def asked(text: str, **headers: str) -> httpx.Response:
        origin = {"Origin": here}
        return service.request(
            "POST", "/v1/translate", json={"texts": text}, headers=origin | headers
        )

    keyless, failed = asked("ab"), asked("bad", **key)
    service.app.state.lifecycle.accepting = False
    stopping = asked("ab", **key)
    responses = (keyless, failed, stopping)
    assert [each.status_code for each in responses] == [401, 500, 503]
    for response in responses:
        assert response.headers["access-control-allow-origin"] == here


def test_a_service_that_was_stopped_may_be_started_again(service: Service) -> None:
    async def lived() -> None:
        async with service.app.router.lifespan_context(service.app):
            pass

    for _ in range(2):
        asyncio.run(lived())
        assert service.ask(texts="ab").json()["translations"][0]["hypothesis"]
