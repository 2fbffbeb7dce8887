"""What is asked wrongly, or too much of: one sentence, in one shape."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services import Service, events_of

from charseq import Translator
from charseq.serve import application, bodies, requests
from charseq.text import features_of

BODIES = [
    (b"", 400, "invalid", "the body is not valid JSON"),
    (b"{", 400, "invalid", "the body is not valid JSON"),
    (b'{"texts": NaN}', 400, "invalid", "the body is not valid JSON"),
    (b'{"texts": "\\ud800"}', 400, "invalid", "the body is not valid JSON"),
    (b'{"texts": "\xff"}', 400, "invalid", "the body is not valid JSON"),
    (b"[" * 100_000, 400, "invalid", "the body is not valid JSON"),
    (b"1" * 100_000, 400, "invalid", "the body is not valid JSON"),
    (b"[]", 422, "invalid", 'the body must be a JSON object, such as {"texts": "…"}'),
    (b"{}", 422, "invalid", 'say what to translate: {"texts": "…"}'),
    (b'{"text": "a"}', 422, "invalid", "unknown setting 'text'; did you mean 'texts'?"),
    (b'{"beam": 3}', 422, "invalid", 'say what to translate: "texts" is missing'),
    (b'{"texts": 3}', 422, "invalid", "texts must be a text, or a list of texts, not 3"),
    (b'{"texts": ["a", 3]}', 422, "invalid", "texts must be a text, or a list of texts"),
    (b'{"texts": null}', 422, "invalid", "texts must be a text, or a list of texts, not None"),
    (b'{"texts": "a", "baem": 3}', 422, "invalid", "unknown setting 'baem'; did you mean 'beam'?"),
    (b'{"texts": "a", "beam": "3"}', 422, "invalid", "beam must be a whole number, not '3'"),
    (b'{"texts": "a", "beam": 0}', 422, "invalid", "beam must be at least 1, not 0"),
    (b'{"texts": "a", "beam": true}', 422, "invalid", "beam must be a whole number, not True"),
    (b'{"texts": "a", "sample": 1}', 422, "invalid", "sample must be true or false, not 1"),
    (b'{"texts": "a", "top_k": "none"}', 422, "invalid", "top_k must be a whole number"),
    (b'{"texts": "a", "seed": 1e400}', 422, "invalid", "seed must be a"),
    (b'{"texts": "a", "n_best": 2}', 422, "invalid", "n_best is 2, but a beam of 1"),
    (b'{"texts": ["a"], "prefix": ["a", "b"]}', 422, "invalid", "prefix has 2 entries for 1 texts"),
    (b'{"texts": "a", "language": "fr"}', 422, "invalid", "this model does not take"),
    (b'{"texts": "a", "model": "t"}', 404, "not_found", "unknown model 't'"),
    (
        b'{"texts": "a", "beam": 21}',
        413,
        "too_large",
        "beam is 21, but this service allows at most 20",
    ),
    (
        b'{"texts": "a", "beam": 20, "n_best": 30}',
        422,
        "invalid",
        "n_best is 30, but a beam of 20",
    ),
]


@pytest.mark.parametrize(
    ("body", "status", "kind", "message"),
    BODIES,
    ids=[repr(body[:40]) for body, *_ in BODIES],
)
def test_what_is_wrong_with_a_request_is_told_in_a_sentence(
    service: Service, body: bytes, status: int, kind: str, message: str
) -> None:
    json_type = {"Content-Type": "application/json"}
    answer = service.request("POST", "/v1/translate", content=body, headers=json_type)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["kind"] == kind
    assert error["message"].startswith(message)
    assert set(error) == {"kind", "message"}
    assert len(error["message"]) < 400


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists)))
def test_no_object_whatever_is_a_fault_of_the_service(
    service_of_all_tests: Service, fields: dict[str, Any]
) -> None:
    answer = service_of_all_tests.request("POST", "/v1/translate", json={"texts": "a", **fields})
    assert answer.status_code in (200, 404, 413, 422)
    assert answer.status_code == 200 or len(answer.json()["error"]["message"]) < 1_000


@pytest.mark.parametrize(
    ("limit", "fields", "message"),
    [
        (
            {"max_texts": 2},
            {"texts": ["a"] * 3},
            "there are 3 texts, but this service takes at most 2 per request",
        ),
        (
            {"max_symbols": 3},
            {"texts": "abcd"},
            "the text has 4 symbols, but this service takes at most 3",
        ),
        ({"max_symbols": 3}, {"texts": ["abc", "abcd"]}, "text 2 has 4 symbols"),
        ({"max_symbols": 3}, {"texts": "a", "prefix": "ABCD"}, "the text has 4 symbols"),
        (
            {"max_beam": 3},
            {"texts": "a", "beam": 4},
            "beam is 4, but this service allows at most 3",
        ),
        (
            {"max_n_best": 3},
            {"texts": "a", "beam": 4, "n_best": 4},
            "n_best is 4, but this service allows at most 3",
        ),
        ({"max_body_bytes": 40}, {"texts": "a" * 40}, "the body has more than 40 bytes"),
    ],
    ids=str,
)
def test_more_than_a_limit_is_refused_and_as_much_is_not(
    serving: Callable[..., Service],
    toy_translator: Translator,
    limit: dict[str, int],
    fields: dict[str, Any],
    message: str,
) -> None:
    service = serving({"toy": toy_translator}, **limit)
    answer = service.ask(**fields)
    assert answer.status_code == 413
    assert answer.json()["error"]["kind"] == "too_large"
    assert answer.json()["error"]["message"].startswith(message)
    ((name, most),) = limit.items()
    more = serving({"toy": toy_translator}, **{name: 2 * most})
    assert more.ask(**fields).status_code == 200


def test_features_count_among_the_symbols_of_a_text(
    serving: Callable[..., Service], conjugator: Translator
) -> None:
    service = serving({"forms": conjugator}, max_symbols=4)
    assert service.ask(texts="a", features="N;PL", language="x").status_code == 200
    assert service.ask(texts="a", features="N;PL;PL", language="x").status_code == 413
    apart = service.ask(texts="a", features=["N", "PL"], language="x")
    assert apart.status_code == 422
    assert "all features of a text in one string" in apart.text


def test_what_is_given_for_all_texts_is_not_repeated_beyond_what_a_body_may_have(
    serving: Callable[..., Service], conjugator: Translator
) -> None:
    """Every answer says it again: a small request would have an answer of many megabytes."""
    service = serving({"forms": conjugator}, max_body_bytes=1_000)
    asked = {"texts": ["a"] * 20, "features": "é" * 20}
    assert service.ask(**asked, language="x" * 10).status_code == 200
    refused = service.ask(**asked, language="x" * 11)
    assert refused.status_code == 413
    assert refused.json()["error"]["message"] == (
        "given for each text, features and language would have 1,020 bytes, but this service takes"
        " at most 1,000"
    )


def test_what_is_given_for_all_texts_is_read_once(
    serving: Callable[..., Service], conjugator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise, a long one for many texts would keep all others waiting."""
    read: list[str] = []

    def noted(features: str, separator: str) -> tuple[str, ...]:
        read.append(features)
        return features_of(features, separator)

    monkeypatch.setattr(requests, "features_of", noted)
    service = serving({"forms": conjugator})
    asked = {"texts": ["a"] * 50, "language": "x", "features": "N;PL"}
    assert service.ask(**asked).status_code == 200
    assert read == ["N;PL"]
    assert service.ask(**{**asked, "features": ";" * 100_000}).status_code == 413


def test_features_that_a_model_does_not_read_are_bounded_too(service: Service) -> None:
    answer = service.ask(texts=["a"] * 50, features=";" * 100_000)
    assert answer.status_code == 413


def test_marks_without_number_hold_up_nobody(service: Service) -> None:
    # Sorted at once, they would take minutes.
    began = time.perf_counter()
    answer = service.ask(texts="a" + "\u0301\u0327" * 150_000)
    assert answer.status_code == 413
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("name", ["features", "language"])
def test_long_features_and_languages_are_refused_as_answers_would_repeat_them(
    serving: Callable[..., Service], conjugator: Translator, name: str
) -> None:
    asked = {"texts": ["a"] * 50, "features": "N;PL", "language": "x", name: "x" * 1_001}
    answer = serving({"forms": conjugator}).ask(**asked)
    assert answer.status_code == 413
    assert answer.json()["error"]["message"] == (
        f"{name} has 1,001 characters, but this service takes at most 1,000"
    )


def test_bodies_take_only_so_much_memory_together(
    serving: Callable[..., Service], toy_translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "MOST_BYTES", 100)
    monkeypatch.setattr(bodies, "SMALL", 20)
    service = serving({"toy": toy_translator}, max_body_bytes=90)

    def slowly(seconds: float) -> httpx.Request:
        async def body() -> AsyncIterator[bytes]:
            yield b'{"texts": "ab"' + b" " * 60
            await asyncio.sleep(seconds)
            yield b"}"

        headers = {"Content-Type": "application/json"}
        return httpx.Request("POST", "http://service/v1/translate", content=body(), headers=headers)

    # Small ones have a room of their own.
    *together, small = service.together(slowly(0.2), slowly(0.2), {"texts": "ab"})
    assert sorted(each.status_code for each in together) == [200, 503]
    assert small.status_code == 200
    # Whether answered or refused, requests give back the room that they took.
    assert [service.together(slowly(0))[0].status_code for _ in range(3)] == [200] * 3


def test_explanations_are_given_as_long_as_they_are_not_huge(
    serving: Callable[..., Service], speaker: Translator, toy_translator: Translator
) -> None:
    long = {"texts": ["abc" * 330] * 3, "explain": True}
    refused = serving({"speaker": speaker}).ask(**long)
    assert refused.status_code == 413
    assert re.match(
        "explanations of these texts may have [0-9,]+ numbers, but this service gives at most"
        " 2,000,000: ",
        refused.json()["error"]["message"],
    )
    # Without attention, there are no weights, but still the runners-up of each symbol.
    plain = serving({"toy": toy_translator})
    assert plain.ask(**long).status_code == 200
    prefix = {"texts": ["a"] * 1_000, "prefix": "ABCD" * 249, "explain": True}
    assert plain.ask(**prefix).status_code == 413


def test_a_body_is_cut_off_at_the_limit_whatever_its_length_is_said_to_be(
    service: Service,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1 << 16
            yield b" " * (1 << 16)

    headers = {"Content-Type": "application/json", "Content-Length": "10"}
    answer = service.request("POST", "/v1/translate", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent <= (1 << 20) + (1 << 17)


def test_a_body_that_does_not_come_is_not_waited_for(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    async def halting() -> AsyncIterator[bytes]:
        yield b'{"texts":'
        await asyncio.sleep(60)

    service = serving({"toy": toy_translator}, client_timeout=0.05)
    json_type = {"Content-Type": "application/json"}
    answer = service.request("POST", "/v1/translate", content=halting(), headers=json_type)
    assert answer.status_code == 408
    assert answer.json()["error"] == {
        "kind": "timeout",
        "message": "the body did not arrive within 0.05 seconds",
    }


def test_only_json_that_is_said_to_be_json_is_read(service: Service) -> None:
    body = json.dumps({"texts": "ab"}).encode()
    for kind, status in (
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ):
        headers = {"Content-Type": kind}
        answer = service.request("POST", "/v1/translate", content=body, headers=headers)
        assert answer.status_code == status
    assert service.request("POST", "/v1/translate", content=body).status_code == 415


def test_a_request_that_takes_too_long_is_told_so_and_its_rest_is_dropped(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    service = serving({"toy": toy_translator}, timeout=0.05, batch_size=1)
    answer = service.ask(texts=["abcda"] * 1_000, beam=20)
    assert answer.status_code == 504
    assert answer.json()["error"]["kind"] == "timeout"
    stream = serving({"toy": toy_translator}, timeout=1e-6).ask(texts="abcda", stream=True)
    last, told = events_of(stream.text)[-1]
    assert (last, told["error"]["kind"]) == ("error", "timeout")
    assert _batches(service) < 900


def test_where_all_places_are_taken_others_are_told_to_come_back(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    service = serving({"toy": toy_translator}, queue=2)
    answers = service.together(*({"texts": "ab"} for _ in range(5)))
    busy = [answer for answer in answers if answer.status_code == 503]
    assert len(busy) == 3
    assert {answer.headers["retry-after"] for answer in busy} == {"1"}
    assert {answer.json()["error"]["kind"] for answer in busy} == {"busy"}
    assert service.ask(texts="ab").status_code == 200
    for _ in range(3):  # Streams and failures leave their places, too.
        assert service.ask(texts="ab", stream=True).status_code == 200
        assert service.ask(texts="ab", language="fr").status_code == 422


def test_addresses_and_methods_that_are_none_are_told_in_the_same_shape(service: Service) -> None:
    missing = service.get("/v2/translate")
    assert missing.status_code == 404
    assert missing.json()["error"]["kind"] == "not_found"
    wrong = service.get("/v1/translate")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert wrong.json()["error"] == {
        "kind": "invalid",
        "message": "/v1/translate does not take GET",
    }


@pytest.mark.parametrize("path", ["/static/../application.py", "/static/%2e%2e/application.py"])
def test_no_file_outside_the_pages_folder_is_shown(service: Service, path: str) -> None:
    assert service.get(path).status_code == 404


def _scope() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/v1/translate",
        "headers": [(b"content-type", b"application/json")],
        "query_string": b"",
    }


def test_what_a_client_asked_who_has_gone_is_not_done(
    serving: Callable[..., Service], toy_translator: Translator, capfd: pytest.CaptureFixture[str]
) -> None:
    service = serving({"toy": toy_translator}, batch_size=1)
    body = json.dumps({"texts": ["abcda"] * 1_000, "beam": 20}).encode()
    messages = iter([{"type": "http.request", "body": body}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        assert message.get("status", 499) == 499

    asyncio.run(service.app(_scope(), receive, send))
    assert '"status": 499' in capfd.readouterr().err
    assert _batches(service) < 10


def test_a_client_who_leaves_a_stream_has_gone(
    serving: Callable[..., Service], toy_translator: Translator, capfd: pytest.CaptureFixture[str]
) -> None:
    service = serving({"toy": toy_translator})
    assert service.ask(texts="abcda", stream=True).status_code == 200
    assert '"status": 200' in capfd.readouterr().err
    body = json.dumps({"texts": "abcda", "stream": True}).encode()
    begun = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not begun.is_set():
            begun.set()
            return {"type": "http.request", "body": body}
        return {"type": "http.disconnect"}

    async def send(_: dict[str, Any]) -> None:
        await asyncio.sleep(0.01)

    asyncio.run(service.app(_scope(), receive, send))
    assert '"status": 499' in capfd.readouterr().err


def _batches(service: Service) -> float:
    found = service.get("/metrics").text.partition('charseq_batch_texts_count{model="toy"} ')[2]
    return float(found.split()[0])
