"""A language model behind an OpenAI-compatible server, such as vLLM; what it is asked and answers is in the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict

from kb.errors import AnswerError, UnreachableError
from kb.ledger import Call, Ledger, key_of

if TYPE_CHECKING:
    from llama_index.llms.openai_like import OpenAILike

CONTEXT = 32_768
"""How many tokens a question and its answer may have, where nobody says otherwise."""


class Message(BaseModel):
    """What is said to a model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["system", "user", "assistant"]
    text: str


class Model(Protocol):
    """What answers questions, always the same to the same one."""

    @property
    def name(self) -> str:
        """What the model is called."""
        ...

    @property
    def calls(self) -> Sequence[Call]:
        """What it was asked since it was opened, in order."""
        ...

    @property
    def asked(self) -> int:
        """How many of them it was really asked; the others were answered before."""
        ...

    def answer(self, messages: Sequence[Message], *, schema: dict[str, Any], tokens: int = ...) -> Any:
        """Return an answer that is JSON of this schema."""
        ...

    def forget(self) -> None:
        """Do not give again what it answered since it was opened: it was of no use."""
        ...


class ServedModel:
    """The model `name` of the server at `url`; asked at temperature 0 with a seed, and each question once.

    `replay` says that only the ledger is asked, for answers of any server.
    """

    def __init__(
        self,
        url: str,
        name: str,
        ledger: Ledger,
        *,
        api_key: str = "",
        seed: int = 1,
        timeout: float = 600.0,
        context: int = CONTEXT,
        replay: bool = False,
    ) -> None:
        self._url = url
        self._name = name
        self._ledger = ledger
        self._api_key = api_key
        self._seed = seed
        self._timeout = timeout
        self._context = context
        self._replay = replay
        self._calls: list[Call] = []
        self._asked = 0

    @property
    def name(self) -> str:
        """What the model is called."""
        return self._name

    @property
    def calls(self) -> Sequence[Call]:
        """What it was asked since it was opened, in order."""
        return tuple(self._calls)

    @property
    def asked(self) -> int:
        """How many of them it was really asked; the others were in the ledger."""
        return self._asked

    def forget(self) -> None:
        """Take out of the ledger what it answered since it was opened; where only that is asked, it stays."""
        if not self._replay:
            for call in self._calls:
                self._ledger.forget(call)

    def answer(self, messages: Sequence[Message], *, schema: dict[str, Any], tokens: int = 4096) -> Any:
        """Return an answer of at most `tokens` that is JSON of this schema, to which the server holds the model.

        AnswerError where it is no JSON, or was cut off, which is not kept; UnreachableError where the server does not
        answer.
        """
        question = {
            **({} if self._replay else {"server": self._server}),
            "model": self._name,
            "messages": [message.model_dump() for message in messages],
            "schema": schema,
            "seed": self._seed,
            "temperature": 0,
            "tokens": tokens,
        }
        call = self._ledger.get(question)
        if call is None:
            if self._replay:
                message = f"the ledger has no answer of {self._name} to question {key_of(question)[:12]}"
                raise UnreachableError(message, hint="set CUTBOOK_LLM_URL, so that the model can be asked")
            call = self._ask(question)
            self._asked += 1
            self._ledger.put(call)
        self._calls.append(call)
        try:
            return json.loads(call.answer)
        except ValueError as error:
            if not self._replay:
                self._ledger.forget(call)
            cut = " (it was cut off: too long)" if call.finished == "length" else ""
            message = f"{self._name} did not answer in JSON{cut}: {' '.join(call.answer.split())[:200]!r}"
            raise AnswerError(
                message, hint="a server that holds answers to a schema is needed, such as vLLM"
            ) from error

    def _ask(self, question: dict[str, Any]) -> Call:
        import openai
        from llama_index.core.base.llms.types import ChatMessage

        messages = [ChatMessage(role=one["role"], content=one["text"]) for one in question["messages"]]
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": question["schema"], "strict": True}}
        try:
            reply = self._client.chat(
                messages, seed=self._seed, response_format=form, max_tokens=question["tokens"], temperature=0
            )
        except openai.APIStatusError as error:
            message = f"the model server at {self._server} answered {error.status_code}: {error.message[:300]}"
            hint = f"does it serve '{self._name}'? CUTBOOK_LLM_MODEL names the model"
            raise UnreachableError(message, hint=hint) from error
        except openai.APIError as error:
            message = f"the model server at {self._server} did not answer: {error.message}"
            raise UnreachableError(message, hint="is it up? CUTBOOK_LLM_URL is its address, with /v1") from error
        choice = reply.raw.choices[0] if reply.raw is not None else None
        return Call(
            key=key_of(question),
            question=question,
            answer=reply.message.content or "",
            finished=(choice.finish_reason or "") if choice else "",
        )

    @cached_property
    def _server(self) -> str:
        """The address, without a name and password, or a query that may hold a key."""
        parts = urlsplit(self._url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))

    @cached_property
    def _client(self) -> OpenAILike:
        from llama_index.llms.openai_like import OpenAILike

        return OpenAILike(
            model=self._name,
            api_base=self._url,
            # The client insists on a key; servers that ask for none do not look at it.
            api_key=self._api_key or "none",
            is_chat_model=True,
            context_window=self._context,
            timeout=self._timeout,
            max_retries=2,
        )
