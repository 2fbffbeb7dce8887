"""`charseq serve` as a process: its port, its signals, and clients that take their time."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import torch
from services import Running, close_to, running

from charseq import Translator
from charseq.model import Seq2Seq
from charseq.modelfile import OutputLimit

DATA = Path(__file__).parents[1] / "data"

SLOW = {"texts": ["abcda"] * 300, "beam": 20}
"""A request that takes a while, but not long."""


def request_of(body: bytes, length: int | None = None) -> bytes:
    head = [
        b"POST /v1/translate HTTP/1.1",
        b"Host: service",
        b"Content-Type: application/json",
        b"Content-Length: %d" % (len(body) if length is None else length),
    ]
    return b"\r\n".join([*head, b"", body])


def connected(service: Running) -> socket.socket:
    return socket.create_connection((service.host, service.port), timeout=60)


def read_all(connection: socket.socket) -> bytes:
    pieces = []
    while True:
        try:
            piece = connection.recv(1 << 16)
        except ConnectionResetError:
            piece = b""
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def test_it_says_where_it_listens_and_answers_there(
    running_service: Running, toy_translator: Translator
) -> None:
    assert running_service.said == (
        f"serving toy on http://127.0.0.1:{running_service.port} (Ctrl-C stops)\n"
    )
    answer = running_service.ask(texts=["abc", "dd"])
    wanted = [each.as_dict() for each in toy_translator.translate(["abc", "dd"])]
    assert close_to(answer.json()["translations"], wanted)
    assert "server" not in answer.headers


def test_symbols_are_sent_as_they_are_written(running_service: Running) -> None:
    url, fields = f"{running_service.url}/v1/translate", {"texts": "abcda", "stream": True}
    with httpx.stream("POST", url, json=fields, timeout=60) as answer:
        chunks = list(answer.iter_raw())
    names = re.findall("event: (.*)", b"".join(chunks).decode())
    assert names == ["start", *["symbol"] * 6, "translation"]
    assert len(chunks) > 2


def test_small_answers_are_not_held_back(running_service: Running) -> None:
    # With Nagle's algorithm, the second piece of each answer waits 40 ms for an acknowledgement.
    with connected(running_service) as client:
        spans = []
        for _ in range(30):
            began = time.perf_counter()
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            while b"alive" not in client.recv(1 << 16):
                pass
            spans.append(time.perf_counter() - began)
    assert min(spans[15:]) < 0.03


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_lets_what_has_begun_end_and_nobody_else_in(
    model_file: Path, number: signal.Signals
) -> None:
    with running(model_file, "--batch-size", "1") as service:
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(service.ask(**SLOW)))
        asking.start()
        with httpx.Client(base_url=service.url) as client:
            while 'charseq_texts_total{model="toy"} 300.0' not in client.get("/metrics").text:
                time.sleep(0.01)
            service.process.send_signal(number)
            while (ready := client.get("/readyz")).status_code == 200:
                time.sleep(0.01)
            refused = client.post("/v1/translate", json={"texts": "a"})
        assert ready.json() == {"status": "stopping"}
        assert refused.status_code == 503
        assert refused.json()["error"]["message"].startswith("the service is stopping")
        asking.join()
        (answer,) = answers
        assert answer.status_code == 200
        assert len(answer.json()["translations"]) == 300
        code, log = service.ended()
        assert code == 0
        assert log[-1]["event"] == "stopped"


def test_without_requests_a_signal_ends_it_at_once(model_file: Path) -> None:
    with running(model_file) as service, connected(service):
        began = time.perf_counter()
        code, log = service.stop()
        assert (code, [each["event"] for each in log]) == (0, ["stopped"])
        assert time.perf_counter() - began < 3


def test_a_second_signal_does_not_wait(model_file: Path) -> None:
    with running(model_file, "--batch-size", "1") as service, connected(service) as client:
        many = {"texts": ["abcda"] * 1_000, "beam": 20}
        client.sendall(request_of(json.dumps(many).encode()))
        time.sleep(0.5)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert service.process.poll() is None
        began = time.perf_counter()
        code, log = service.stop()
        assert time.perf_counter() - began < 3
        # Nobody is told of a fault that there was not.
        assert code == 0
        assert [each.get("event", each.get("status")) for each in log] == [499, "stopped"]
        assert read_all(client) == b""


def test_a_second_signal_does_not_wait_for_what_is_computed(
    toy_translator: Translator, tmp_path: Path
) -> None:
    description = toy_translator.description
    config = description.config.model_copy(update={"units": 1_024, "maximum_output_length": None})
    model = Seq2Seq.fresh(config, len(description.sources), len(description.targets), seed=1)
    with torch.no_grad():
        # No answer ends before its limit, so that a single batch takes many seconds.
        model.decoder.output.bias[description.targets.end] = -1e4
    large = replace(description, config=config, output_limit=OutputLimit(0, 900))
    Translator(model, large).save(tmp_path / "large.safetensors")
    with running(tmp_path / "large.safetensors") as service, connected(service) as client:
        many = {"texts": ["abcda" * 160] * 20, "beam": 20}
        client.sendall(request_of(json.dumps(many).encode()))
        time.sleep(2)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        began = time.perf_counter()
        code, log = service.stop()
        assert time.perf_counter() - began < 4
        assert (code, log[-1]["event"]) == (0, "stopped")


def test_who_reads_a_stream_slowly_does_not_hold_up_the_end(model_file: Path) -> None:
    limits = ("--timeout", "3s", "--client-timeout", "60s", "--max-symbols", "10000")
    with running(model_file, *limits) as service, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.connect((service.host, service.port))
        # Longer than what the system takes off the service's hands.
        many = {"texts": "a" * 9_000, "prefix": "A" * 8_990, "stream": True}
        slow.sendall(request_of(json.dumps(many).encode()))
        assert slow.recv(1_000).startswith(b"HTTP/1.1 200")
        time.sleep(1)
        service.process.send_signal(signal.SIGTERM)
        began = time.perf_counter()
        time.sleep(1)
        # It still has some time to read.
        assert service.process.poll() is None
        code, log = service.ended()
        assert time.perf_counter() - began < 8
        assert code == 0
        assert [each.get("event", each.get("status")) for each in log][-1] == "stopped"


def test_clients_that_take_their_time_stop_nobody_and_are_given_up(model_file: Path) -> None:
    with running(model_file, "--client-timeout", "1s", "--max-body-bytes", "1000") as service:
        half = [connected(service) for _ in range(50)]
        for number, client in enumerate(half):
            whole = request_of(b'{"texts": "abc"}', 1_000)
            client.sendall(whole[: [0, 20, 100, len(whole)][number % 4]])
        for _ in range(5):
            assert service.ask(texts="ab").json()["translations"][0]["hypothesis"] == "BA"
        began = time.perf_counter()
        ends = [read_all(client) for client in half]
        assert time.perf_counter() - began < 20
        # Of those, only a request whose head has come can be answered.
        assert all(b"408 Request Timeout" in end for end in ends[3::4])
        assert not any(ends[0::4] + ends[1::4])
        for client in half:
            client.close()
        code, log = service.stop()
        assert code == 0
        assert not any(each.get("event") == "fault" for each in log)


def test_who_does_not_read_an_answer_is_given_up_and_stops_nobody(model_file: Path) -> None:
    limits = ("--max-body-bytes", "10000000", "--max-texts", "10000", "--client-timeout", "1s")
    with running(model_file, *limits) as service, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect((service.host, service.port))
        # Refused texts take no time, and come back with the answer.
        many = {"texts": ["a" * 1_000] * 9_000, "prefix": "é"}
        deaf.sendall(request_of(json.dumps(many).encode()))
        while 'path="/v1/translate"' not in httpx.get(f"{service.url}/metrics").text:
            assert service.ask(texts="ab").status_code == 200
        began = time.perf_counter()
        code, _ = service.stop()
        assert code == 0
        assert time.perf_counter() - began < 10
        assert len(read_all(deaf)) < 9_000_000


def test_who_reads_slowly_gets_the_whole_answer(model_file: Path) -> None:
    limits = ("--max-body-bytes", "10000000", "--max-texts", "10000", "--client-timeout", "1s")
    with running(model_file, *limits) as service, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        slow.connect((service.host, service.port))
        slow.settimeout(20)
        slow.sendall(
            request_of(json.dumps({"texts": ["a" * 1_000] * 9_000, "prefix": "é"}).encode())
        )
        got = slow.recv(1 << 16)
        length = int(re.search(rb"content-length: (\d+)", got)[1])
        began = time.perf_counter()
        while len(got.partition(b"\r\n\r\n")[2]) < length:
            piece = slow.recv(1 << 16)
            assert piece, f"{len(got):,} of {length:,} bytes"
            got += piece
            # About two megabytes a second.
            time.sleep(max(0, len(got) / 2e6 - (time.perf_counter() - began)))
        assert time.perf_counter() - began > 3


def test_a_client_that_asks_for_another_protocol_is_answered_in_this_one(
    model_file: Path,
) -> None:
    asked = [b"GET /healthz HTTP/1.1", b"Host: a", b"Connection: Upgrade, close"]
    with running(model_file) as service:
        for protocol in (b"websocket", b"h2c"):
            with connected(service) as client:
                client.sendall(b"\r\n".join([*asked, b"Upgrade: " + protocol, b"", b""]))
                assert read_all(client).startswith(b"HTTP/1.1 200 OK")
        code, log = service.stop()
    assert code == 0
    # Nobody is told to install what would be of no use.
    assert [each.get("event", each.get("status")) for each in log] == [200, 200, "stopped"]


def test_an_address_may_be_written_in_full(model_file: Path) -> None:
    with running(model_file) as service:
        ends = []
        for target in ("http://a/healthz", "HTTP://a:8000/healthz", "http://a", "http://a/v1/none"):
            with connected(service) as client:
                head = [f"GET {target} HTTP/1.1", "Host: a", "Connection: close", "", ""]
                client.sendall("\r\n".join(head).encode())
                ends.append(read_all(client).split(b"\r\n", 1)[0])
        _, log = service.stop()
    codes = [b"HTTP/1.1 200 OK"] * 3 + [b"HTTP/1.1 404 Not Found"]
    assert ends == codes
    paths = ["/healthz", "/healthz", "/", "/v1/none"]
    assert [each["path"] for each in log if "path" in each] == paths


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
        b"POST /v1/translate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"\x00" * 100_000,
    ],
    ids=["TLS", "no version", "endless head", "bad chunk", "negative length", "zeros"],
)
def test_what_is_no_http_is_refused_and_stops_nobody(
    running_service: Running, garbage: bytes
) -> None:
    with connected(running_service) as client:
        try:
            client.sendall(garbage)
        except OSError:
            pass  # It was cut off while it spoke.
        else:
            said = read_all(client)
            assert not said or said.startswith(b"HTTP/1.1 4")
            assert b'"kind":"invalid"' in said or not said
            assert b"content-security-policy: default-src 'self'" in said or not said
    assert running_service.ask(texts="ab").status_code == 200


def test_a_body_beyond_the_limit_is_told_so_though_it_goes_on(running_service: Running) -> None:
    answer = running_service.ask(texts="a" * (3 << 20))
    assert answer.status_code == 413
    assert answer.json()["error"]["kind"] == "too_large"


def test_no_path_leads_out_of_the_pages_folder(running_service: Running) -> None:
    for path in (b"/static/../application.py", b"/static/..%2fapplication.py", b"/../keys.py"):
        with connected(running_service) as client:
            client.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path)
            assert read_all(client).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/static/base.css"])
def test_the_head_of_the_pages_files_can_be_asked_for_alone(
    running_service: Running, path: str
) -> None:
    whole, head = (httpx.request(method, running_service.url + path) for method in ("GET", "HEAD"))
    assert whole.status_code == head.status_code == 200
    assert whole.content
    assert not head.content
    for name in ("content-type", "content-length", "content-security-policy"):
        assert whole.headers[name] == head.headers[name]
    # After an upgrade, old files must not be mixed with new ones.
    assert whole.headers["cache-control"] == "no-cache"


def test_a_taken_port_is_told_before_models_are_loaded(
    running_service: Running, tmp_path: Path
) -> None:
    port = str(running_service.port)
    command = [sys.executable, "-m", "charseq", "serve", tmp_path / "none.safetensors"]
    ended = subprocess.run(
        [*command, "--port", port], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 4
    assert ended.stderr == (
        f"charseq: port {port} of 127.0.0.1 is taken: choose another with --port, or 0 for a free"
        " one\n"
    )


def test_keys_come_from_a_file_and_from_the_environment(model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("filed\n", encoding="utf-8")
    arguments = (model_file, "--api-key-file", tmp_path / "keys")
    with running(*arguments, CHARSEQ_API_KEYS="one, two") as service:
        for key, status in (("filed", 200), ("two", 200), ("one,", 401)):
            headers = {"Authorization": f"Bearer {key}"}
            answer = httpx.get(f"{service.url}/v1/models", headers=headers)
            assert answer.status_code == status


def test_examples_lie_beside_the_model_or_are_named(model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(model_file.read_bytes())
    (tmp_path / "examples.txt").write_text("abc\n\ndd\n", encoding="utf-8")
    (tmp_path / "others.txt").write_text("cab\n", encoding="utf-8-sig")

    def shown(*arguments: str | Path) -> list[dict[str, str]]:
        with running(tmp_path / "m.onnx", *arguments) as service:
            (model,) = httpx.get(f"{service.url}/v1/models").json()["models"]
            examples: list[dict[str, str]] = model["examples"]
            return examples

    assert shown() == [{"source": "abc"}, {"source": "dd"}]
    assert shown("--examples", tmp_path / "others.txt") == [{"source": "cab"}]


def test_examples_of_another_model_are_left_out_unless_they_were_asked_for(
    tmp_path: Path,
) -> None:
    shutil.copy(DATA / "format-2.safetensors", tmp_path / "m.safetensors")
    (tmp_path / "examples.txt").write_text("abc\n", encoding="utf-8")
    with running(tmp_path / "m.safetensors") as service:
        (model,) = httpx.get(f"{service.url}/v1/models").json()["models"]
        assert model["examples"] == []
    refused = subprocess.run(
        [
            *(sys.executable, "-m", "charseq", "serve", tmp_path / "m.safetensors", "--port", "0"),
            *("--examples", tmp_path / "examples.txt"),
        ],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert refused.returncode == 3
    assert refused.stderr.endswith(
        "examples.txt:1: 1 of 3 columns: source, features, language, separated by tabs\n"
    )


def test_an_address_of_ipv6_is_shown_as_browsers_take_it(model_file: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with running(model_file, "--host", "::1") as service:
        assert service.url == f"http://[::1]:{service.port}"
        assert httpx.get(f"{service.url}/healthz").status_code == 200


def test_models_of_any_kind_are_served_side_by_side(
    model_file: Path, toy_translator: Translator
) -> None:
    wanted = [each.as_dict() for each in toy_translator.translate(["abc", "dd"])]
    with running(model_file, f"trained={model_file.with_suffix('.safetensors')}") as service:
        models = httpx.get(f"{service.url}/v1/models").json()["models"]
        kinds = {each["name"]: each["runtime"] for each in models}
        assert kinds == {"toy": "ONNX Runtime", "trained": "PyTorch"}
        for name in kinds:
            answer = service.ask(texts=["abc", "dd"], model=name).json()
            assert close_to(answer["translations"], wanted)


def test_an_export_is_served_without_torch(running_service: Running) -> None:
    assert running_service.ask(texts="abc", explain=True).status_code == 200
    maps = Path(f"/proc/{running_service.process.pid}/maps")
    if not maps.exists():
        pytest.skip("this system does not show what a process has loaded")
    assert "libtorch" not in maps.read_text()
