"""A served model is asked each question once; the ledger answers from then on, with or without the server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kb.errors import AnswerError, UnreachableError
from kb.ledger import Ledger, key_of
from kb.model import Message, ServedModel

SCHEMA = {"type": "object", "properties": {"cut": {"type": "number"}}, "required": ["cut"]}
ASKED = [Message(role="system", text="Read."), Message(role="user", text="p_T > 25 GeV")]


@dataclass
class Server:
    """Speaks the protocol of OpenAI's chat completions; `answers` is what the model says, one after the other."""

    answers: list[str]
    status: int = 200
    finished: str = "stop"
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server(['{"cut": 25}'])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            state.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            state.keys.append(self.headers["Authorization"])
            said = state.answers[min(len(state.asked), len(state.answers)) - 1]
            choice = {
                "index": 0,
                "message": {"role": "assistant", "content": said},
                "finish_reason": state.finished,
            }
            reply: dict[str, Any] = {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "tiny",
                "choices": [choice],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
            body = json.dumps(reply if state.status == 200 else {"error": {"message": "no such model"}}).encode()
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_port}/v1"
    yield state
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def opened(server: Server, folder: Path, **given: Any) -> ServedModel:
    return ServedModel(server.url, "tiny", Ledger(folder), timeout=10, **given)


def test_an_answer_is_held_to_the_schema_and_asked_for_without_chance(server: Server, tmp_path: Path) -> None:
    model = opened(server, tmp_path, api_key="secret")
    assert model.answer(ASKED, schema=SCHEMA, tokens=50) == {"cut": 25}
    [asked] = server.asked
    assert (asked["model"], asked["temperature"], asked["seed"], asked["max_tokens"]) == ("tiny", 0, 1, 50)
    assert asked["response_format"]["json_schema"]["schema"] == SCHEMA
    assert [(one["role"], one["content"]) for one in asked["messages"]] == [(m.role, m.text) for m in ASKED]
    assert server.keys == ["Bearer secret"]


def test_the_same_question_is_asked_once_and_answered_without_a_server(server: Server, tmp_path: Path) -> None:
    first = opened(server, tmp_path)
    assert first.answer(ASKED, schema=SCHEMA) == first.answer(ASKED, schema=SCHEMA)
    assert len(server.asked) == 1
    replayed = ServedModel("", "tiny", Ledger(tmp_path), replay=True)
    assert replayed.answer(ASKED, schema=SCHEMA) == {"cut": 25}
    assert [call.key for call in replayed.calls] == [first.calls[0].key]
    with pytest.raises(UnreachableError, match="the ledger has no answer") as caught:
        replayed.answer(ASKED[:1], schema=SCHEMA)
    assert "CUTBOOK_LLM_URL" in caught.value.hint


@pytest.mark.parametrize("change", [{"seed": 2}, {"tokens": 9}, {"schema": {}}, {"messages": ASKED[:1]}], ids=str)
def test_whatever_is_asked_otherwise_is_another_question(
    server: Server, tmp_path: Path, change: dict[str, Any]
) -> None:
    opened(server, tmp_path).answer(ASKED, schema=SCHEMA, tokens=8)
    other = opened(server, tmp_path, seed=change.pop("seed", 1))
    messages = change.pop("messages", ASKED)
    other.answer(messages, **{"schema": SCHEMA, "tokens": 8, **change})
    assert len(server.asked) == 2


def test_another_server_of_a_model_of_the_same_name_is_asked_too(server: Server, tmp_path: Path) -> None:
    opened(server, tmp_path).answer(ASKED, schema=SCHEMA)
    server.answers = ['{"cut": 30}']
    other = ServedModel(server.url.replace("127.0.0.1", "localhost"), "tiny", Ledger(tmp_path), timeout=10)
    assert (other.answer(ASKED, schema=SCHEMA), other.asked) == ({"cut": 30}, 1)
    again = opened(server, tmp_path)
    assert (again.answer(ASKED, schema=SCHEMA), again.asked) == ({"cut": 25}, 0)


def test_no_password_gets_into_the_ledger_nor_into_errors(server: Server, tmp_path: Path) -> None:
    secret = server.url.replace("//", "//me:secret@") + "?key=secret"
    ServedModel(server.url, "tiny", Ledger(tmp_path / "a"), timeout=10).answer(ASKED, schema=SCHEMA)
    [file] = (tmp_path / "a").glob("*/*.json")
    named = ServedModel(secret, "tiny", Ledger(tmp_path / "a"), timeout=10)
    assert (named.answer(ASKED, schema=SCHEMA), named.asked) == ({"cut": 25}, 0)
    assert "secret" not in file.read_text()
    gone = ServedModel("http://me:secret@127.0.0.1:1/v1", "tiny", Ledger(tmp_path / "b"), timeout=2)
    with pytest.raises(UnreachableError) as caught:
        gone.answer(ASKED, schema=SCHEMA)
    assert "secret" not in caught.value.message


def test_what_was_of_no_use_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.answers = ["no JSON", '{"cut": 25}']
    with pytest.raises(AnswerError):
        opened(server, tmp_path).answer(ASKED, schema=SCHEMA)
    useless = opened(server, tmp_path)
    useless.answer(ASKED, schema=SCHEMA)
    useless.forget()
    server.answers = ['{"cut": 30}']
    assert opened(server, tmp_path).answer(ASKED, schema=SCHEMA) == {"cut": 30}
    replayed = ServedModel("", "tiny", Ledger(tmp_path), replay=True)
    assert replayed.answer(ASKED, schema=SCHEMA) == {"cut": 30}
    replayed.forget()
    assert list(tmp_path.glob("*/*.json"))


def test_a_damaged_ledger_is_asked_again(server: Server, tmp_path: Path) -> None:
    opened(server, tmp_path).answer(ASKED, schema=SCHEMA)
    [file] = tmp_path.glob("*/*.json")
    file.write_text(file.read_text().replace("p_T > 25", "p_T > 26"))
    opened(server, tmp_path).answer(ASKED, schema=SCHEMA)
    assert len(server.asked) == 2


def test_what_is_no_json_is_no_answer(server: Server, tmp_path: Path) -> None:
    server.answers, server.finished = ['{"cut": 2'], "length"
    with pytest.raises(AnswerError, match="cut off"):
        opened(server, tmp_path).answer(ASKED, schema=SCHEMA)


def test_a_server_that_refuses_or_is_not_there_is_said(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(UnreachableError, match="404") as caught:
        opened(server, tmp_path).answer(ASKED, schema=SCHEMA)
    assert "CUTBOOK_LLM_MODEL" in caught.value.hint
    gone = ServedModel("http://127.0.0.1:1/v1", "tiny", Ledger(tmp_path), timeout=2)
    with pytest.raises(UnreachableError, match="did not answer"):
        gone.answer(ASKED, schema=SCHEMA)
    assert list(tmp_path.glob("*/*.json")) == []


def test_a_key_is_of_the_content() -> None:
    assert key_of({"a": 1, "b": [1, 2]}) == key_of({"b": [1, 2], "a": 1}) != key_of({"a": 1, "b": [2, 1]})
