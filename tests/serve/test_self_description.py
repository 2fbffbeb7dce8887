"""What a service tells of its models, its state and its counts, and to whom."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from services import Service
from starlette.applications import Starlette
from starlette.testclient import TestClient

from charseq import Translator
from charseq.config import ServeConfig
from charseq.errors import UsageError
from charseq.serve import ServedModel, create_application, load_served, named_paths
from charseq.serve.keys import environment_keys, read_keys
from charseq.text import Input

FREE = ["/", "/healthz", "/readyz", "/metrics", "/openapi.json"]


def test_models_are_described(conjugator: Translator, speaker: Translator) -> None:
    examples = [Input("ab", ("N", "PL"), "x"), Input("ba")]
    models = [ServedModel("forms", conjugator, card="# Card", examples=examples)]
    app = create_application([*models, ServedModel("speaker", speaker)])
    told = Service(app).get("/v1/models").json()
    forms, sounds = told["models"]
    assert forms == {
        "name": "forms",
        "runtime": "PyTorch",
        "attention": True,
        "copying": conjugator.description.config.copying,
        "languages": ["x", "y"],
        "features": ["N", "PL", "SG"],
        "features_separator": ";",
        "target_separator": "",
        "corpus": dict(conjugator.description.corpus),
        "scores": pytest.approx(conjugator.description.scores),
        "calibrated": True,
        "examples": [{"source": "ab", "features": "N;PL", "language": "x"}, {"source": "ba"}],
        "card": "# Card",
    }
    assert (sounds["name"], sounds["languages"], sounds["card"]) == ("speaker", [], "")
    assert sounds["target_separator"] == " "
    assert told["limits"] == {
        "max_body_bytes": 1_048_576,
        "max_texts": 1_000,
        "max_symbols": 1_000,
        "max_beam": 20,
        "max_n_best": 20,
    }


def test_a_model_is_loaded_with_the_card_that_lies_beside_it(
    toy_translator: Translator, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "m.safetensors")
    assert load_served("m", tmp_path / "m.safetensors").card == ""
    (tmp_path / "model-card.md").write_text("# Téxt", encoding="utf-8")
    served = load_served("m", tmp_path / "m.safetensors")
    assert (served.name, served.card, served.runtime) == ("m", "# Téxt", "PyTorch")
    assert served.translator.translate("abc").hypothesis == "CBA"


def test_models_of_one_file_name_get_distinct_names() -> None:
    words = ["a/m.safetensors", "b/m.safetensors", "m=c/n.safetensors", "d/x.onnx"]
    assert named_paths(words) == {
        "m-2": Path("a/m.safetensors"),
        "m-3": Path("b/m.safetensors"),
        "m": Path("c/n.safetensors"),
        "x": Path("d/x.onnx"),
    }
    with pytest.raises(UsageError, match="two models are named a"):
        named_paths(["a=x.safetensors", "a=y.safetensors"])
    with pytest.raises(UsageError, match="must be a model file, or NAME=FILE"):
        named_paths(["=x.safetensors"])


def test_the_model_of_a_run_is_named_after_the_run() -> None:
    words = ["runs/dates/model.safetensors", "runs/forms/model.onnx"]
    assert list(named_paths(words)) == ["dates", "forms"]
    assert list(named_paths(["runs/dates/checkpoints/../model.onnx"])) == ["dates"]
    assert list(named_paths(["/model.onnx"])) == ["model"]


def test_a_service_is_alive_and_ready_until_its_doors_close(service: Service) -> None:
    assert service.get("/healthz").json() == {"status": "alive"}
    assert service.get("/readyz").json() == {"status": "ready"}
    service.app.state.lifecycle.accepting = False
    assert service.get("/healthz").status_code == 200
    assert service.get("/readyz").status_code == 503
    refused = service.ask(texts="abc")
    assert refused.status_code == 503
    assert refused.json()["error"]["kind"] == "busy"
    assert refused.headers["retry-after"] == "1"


def test_requests_texts_symbols_and_batches_are_counted(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    service = serving({"toy": toy_translator})
    service.ask(texts=["abc", "d"])
    service.ask(nothing=1)
    service.get("/v1/no/such/path")
    service.get("/healthz")
    service.get("/static/page.js")
    service.get("/static/v1/translate")
    counted = service.get("/metrics")
    assert counted.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in (
        'charseq_requests_total{path="/v1/translate",status="200"} 1.0',
        'charseq_requests_total{path="/v1/translate",status="422"} 1.0',
        'charseq_requests_total{path="other",status="404"} 1.0',
        'charseq_request_seconds_count{path="/healthz"} 1.0',
        'charseq_requests_total{path="/static/",status="200"} 1.0',
        'charseq_requests_total{path="/static/",status="404"} 1.0',
        'charseq_queue_length{model="toy"} 0.0',
        'charseq_batch_texts_sum{model="toy"} 2.0',
        'charseq_texts_total{model="toy"} 2.0',
        'charseq_symbols_total{model="toy"} 4.0',
    ):
        assert f"{line}\n" in counted.text
    assert "charseq_texts_total{" not in serving({"toy": toy_translator}).get("/metrics").text


def test_only_those_who_bring_a_key_may_ask(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    service = serving({"toy": toy_translator}, api_keys=("söme", "other"))
    for given in ("", "Bearer", "Bearer wrong", "Basic other", "other", "Bearer othe"):
        refused = service.get("/v1/models", **({"Authorization": given} if given else {}))
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert refused.json()["error"]["kind"] == "unauthorised"
    assert service.ask(texts="ab").status_code == 401
    assert service.get("/v1/anything").status_code == 401
    for given in (b"Bearer other", b"bearer other", "Bearer söme".encode()):
        headers = {b"Authorization": given}
        assert service.request("GET", "/v1/models", headers=headers).status_code == 200
    for path in FREE:
        assert service.get(path).status_code != 401


@pytest.mark.parametrize("below", ["mounted", "root path"])
def test_keys_are_asked_for_wherever_the_service_stands(
    toy_translator: Translator, below: str
) -> None:
    settings = ServeConfig(api_keys=("some-key",))
    app: Any = create_application([ServedModel("toy", toy_translator)], settings)
    if below == "mounted":
        outer = Starlette()
        outer.mount("/here", app)
        app = outer
    client = TestClient(app, root_path="" if below == "mounted" else "/here")
    assert client.post("/here/v1/translate", json={"texts": "ab"}).status_code == 401
    answered = client.post(
        "/here/v1/translate", json={"texts": "ab"}, headers={"Authorization": "Bearer some-key"}
    )
    assert answered.status_code == 200
    assert client.get("/here/healthz").status_code == 200


def test_keys_of_the_environment_are_some_or_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, keys in (("", ()), ("one, two", ("one", "two"))):
        monkeypatch.setenv("CHARSEQ_API_KEYS", text)
        assert environment_keys() == keys
    monkeypatch.setenv("CHARSEQ_API_KEYS", " , ")
    with pytest.raises(UsageError, match="CHARSEQ_API_KEYS contains no keys"):
        environment_keys()


def test_keys_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("one\n\n  two \n", encoding="utf-8")
    assert read_keys(file) == ("one", "two")
    file.write_text("one\ntwo\n", encoding="utf-8-sig")
    assert read_keys(file) == ("one", "two")
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(UsageError, match="contains no keys"):
        read_keys(file)
    # Its words are not keys of their own.
    file.write_text("one\ncorrect horse battery\n", encoding="utf-8")
    with pytest.raises(UsageError, match="keys:2: a key has no spaces or commas"):
        read_keys(file)


def test_a_key_may_be_any_bytes(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    service = serving({"toy": toy_translator}, api_keys=(os.fsdecode(b"k\xff"),))
    headers = {b"Authorization": b"Bearer k\xff"}
    assert service.request("GET", "/v1/models", headers=headers).status_code == 200
    assert service.get("/v1/models", Authorization="Bearer k").status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_head_of_a_health_check_can_be_asked_for_alone(service: Service, path: str) -> None:
    head = service.request("HEAD", path)
    assert head.status_code == 200
    assert not head.content


def test_every_answer_has_safe_headers(service: Service) -> None:
    answers = [service.get(path) for path in [*FREE, "/v1/models", "/nowhere", "/v1/translate"]]
    for answer in [*answers, service.ask(texts="ab"), service.ask(no=1)]:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "unsafe" not in policy
        assert not re.search("https?:", policy)


def test_the_log_has_a_line_for_each_request_and_texts_only_on_demand(
    serving: Callable[..., Service], toy_translator: Translator, capfd
) -> None:
    serving({"toy": toy_translator}).ask(texts=["abba", "c"])
    (line,) = capfd.readouterr().err.splitlines()
    told = json.loads(line)
    assert "abba" not in line
    assert {name: told[name] for name in told.keys() - {"time", "ms"}} == {
        "method": "POST",
        "path": "/v1/translate",
        "status": 200,
        "texts": 2,
        "symbols": 5,
    }
    assert told["ms"] > 0
    serving({"toy": toy_translator}, log_texts=True).ask(texts=["abba", "c"])
    assert json.loads(capfd.readouterr().err)["sources"] == ["abba", "c"]
    serving({"toy": toy_translator}).get("/static/page.js")
    assert json.loads(capfd.readouterr().err)["path"] == "/static/page.js"


def test_openapi_has_every_address_with_examples_that_are_answered(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    service = serving({"dates": toy_translator})
    told = service.get("/openapi.json").json()
    assert set(told["paths"]) == {
        "/v1/translate",
        "/v1/models",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    content = told["paths"]["/v1/translate"]["post"]["requestBody"]["content"]["application/json"]
    examples = {name: each["value"] for name, each in content["examples"].items()}
    assert len(examples) > 4
    for name, fields in examples.items():
        # This model reads digits as unknown, writes none, and takes no features.
        wanted = 422 if name == "features" else 200
        assert service.ask(**fields).status_code == wanted, name
    assert service.get("/docs").status_code == 404


def test_openapi_names_the_keys_where_the_service_has_any(
    serving: Callable[..., Service], toy_translator: Translator
) -> None:
    locked = serving({"toy": toy_translator}, api_keys=("k",)).get("/openapi.json").json()
    for method, path in (("post", "/v1/translate"), ("get", "/v1/models")):
        assert locked["paths"][path][method]["security"] == [{"key": []}]
    assert "security" not in locked["paths"]["/healthz"]["get"]
    key = locked["components"]["securitySchemes"]["key"]
    assert (key["type"], key["scheme"]) == ("http", "bearer")
    open_to_all = serving({"toy": toy_translator}).get("/openapi.json")
    assert "security" not in open_to_all.text


def test_the_service_brings_no_torch_of_its_own() -> None:
    code = "import sys, charseq.serve, charseq.serve.server; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("origin", "right"),
    [
        ("https://example.org", True),
        ("http://localhost:3000", True),
        ("http://[::1]:3000", True),
        ("chrome-extension://abcdefgh", True),
        ("*", True),
        ("https://", False),
        ("://", False),
        ("https://Example.org", False),
        ("https://example.org:443", False),
        ("http://example.org:80", False),
        ("https://u@example.org", False),
        ("https://exa mple.org", False),
        ("https://*.example.org", False),
        ("https://example.org/", False),
        ("example.org", False),
    ],
)
def test_origins_are_those_that_browsers_send(origin: str, right: bool) -> None:
    if right:
        assert ServeConfig(allow_origins=(origin,)).allow_origins == (origin,)
        return
    with pytest.raises(UsageError, match="an origin is what browsers send"):
        ServeConfig(allow_origins=(origin,))


def test_settings_are_checked_like_all_others() -> None:
    with pytest.raises(UsageError, match="port must be at most 65535, not 70000"):
        ServeConfig(port=70_000)
    with pytest.raises(UsageError, match="unknown setting 'qeue'; did you mean 'queue'"):
        ServeConfig(qeue=3)
    assert ServeConfig(timeout="2m").timeout == 120
