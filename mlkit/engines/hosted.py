"""Members that live elsewhere: Claude through the anthropic SDK, any OpenAI-compatible server
through the openai SDK.

A class or a team outgrows one machine this way: `Member("claude:claude-sonnet-5-5")`,
`Member("openai:qwen2.5:7b")` with OPENAI_BASE_URL set to a vLLM, llama-server or Ollama. Retries,
back-off and connection limits are the SDKs' own.
"""

import asyncio
import importlib.util
import math
import os
import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import httpx

from mlkit.ask import Member, Reply
from mlkit.engines.request import check_prompt
from mlkit.errors import (
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
    MlkitError,
    ModelMissing,
)
from mlkit.wrappers import Engine


class Terms(NamedTuple):
    """What a Claude model accepts. What it costs stands in data/prices.json."""

    sampling: bool  # False where a temperature is refused
    # the `thinking` type that keeps max_tokens for the answer; "" where that is the default
    no_thinking: str


# platform.claude.com, "What's new in Claude Sonnet 5.5", read on 2026-11-23.
CLAUDE = {
    "claude-sonnet-4-6": Terms(sampling=True, no_thinking=""),
    "claude-sonnet-5": Terms(sampling=False, no_thinking="disabled"),
    "claude-sonnet-5-5": Terms(sampling=False, no_thinking="between_tools"),
}
_CAREFUL = Terms(
    sampling=False, no_thinking=""
)  # for models not in the table: send what every model takes
_CUT_OFF = ("length", "max_tokens", "model_context_window_exceeded")


def missing(model: str) -> str:
    """Why a hosted model cannot be asked here, in one line that says what to type; "" where it can,
    or is local.
    """
    host = model.partition(":")[0]
    if host == "claude":
        return _missing("anthropic", model, "ANTHROPIC_API_KEY")
    if host == "openai":
        return _missing("openai", model, "OPENAI_API_KEY", "OPENAI_BASE_URL")
    return ""


def _missing(package: str, model: str, *variables: str) -> str:
    if importlib.util.find_spec(package) is None:
        return (
            f"{model!r} needs the {package} package, so it is left out. Install it with:  uv sync"
            f" --extra {package}"
        )
    if not any(os.environ.get(variable) for variable in variables):
        return (
            f"{model!r} has no key, so it is left out. Set one with:  export"
            f" {' or '.join(variables)}=..."
        )
    return ""


class Hosted:
    """An `Ask` over another one: members named `claude:...` or `openai:...` go to their hosts, all
    others to `local`.

    At most `lanes` hosted calls run at once. `transport` is an httpx transport beneath the SDKs, as
    beneath the Ollama client. A host does not say how long it read and wrote, so the whole call
    counts as output_seconds.
    """

    def __init__(
        self,
        local: Engine,
        transport: httpx.AsyncBaseTransport | None = None,
        lanes: int = 4,
        timeout_seconds: float = 300.0,
        retries: int = 2,
    ) -> None:
        if lanes < 1:
            raise ValueError(f"lanes is {lanes}; it takes at least one")
        self._local, self._transport = local, transport
        self._limits: dict[str, Any] = {"timeout": timeout_seconds, "max_retries": retries}
        self._lane = asyncio.Semaphore(lanes)

    async def __call__(
        self,
        member: Member,
        prompt: str,
        *,
        role: str = "",
        format: dict[str, Any] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Reply:
        host, _, model = member.model.partition(":")
        if host not in ("claude", "openai"):
            return await self._local(member, prompt, role=role, format=format, labels=labels)
        if why := missing(member.model):
            raise EngineError(why)
        check_prompt(prompt, 0)  # a host has its own limit of length, and says so
        asked = time.perf_counter()
        async with self._lane:
            started = time.perf_counter()
            answer = (
                self._claude(member, model, prompt, format)
                if host == "claude"
                else self._openai(member, model, prompt, format, bool(labels))
            )
            try:
                fields = await answer
            except MlkitError:
                raise
            except Exception as error:
                raise _ours(error, member.model) from None
        return Reply(
            member=member,
            queue_seconds=started - asked,
            output_seconds=time.perf_counter() - started,
            **fields,
        )

    async def embed(self, model: str, texts: Sequence[str]) -> Any:
        """Unit vectors come from the local engine."""
        return await self._local.embed(model, texts)

    async def _claude(
        self, member: Member, model: str, prompt: str, format: dict[str, Any] | None
    ) -> dict[str, Any]:
        import anthropic

        terms = CLAUDE.get(model, _CAREFUL)
        options: dict[str, Any] = {"system": member.system} if member.system else {}
        if format:
            schema = anthropic.transform_schema(format)  # Claude takes fewer keywords than Ollama
            options["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        if terms.no_thinking:
            options["thinking"] = {"type": terms.no_thinking}
        if terms.sampling:  # the SDK has no argument for it any more
            options["extra_body"] = {"temperature": min(member.temperature, 1.0)}
        message = await self._anthropic_client.messages.create(
            model=model, max_tokens=member.max_tokens, messages=_turns(member, prompt), **options
        )
        return {
            "text": "".join(block.text for block in message.content if block.type == "text"),
            "prompt_tokens": message.usage.input_tokens,
            "output_tokens": message.usage.output_tokens,
            "done_reason": _reason(message.stop_reason),
        }

    async def _openai(
        self,
        member: Member,
        model: str,
        prompt: str,
        format: dict[str, Any] | None,
        probabilities: bool,
    ) -> dict[str, Any]:
        # Servers of open models know max_tokens; OpenAI's own newer models refuse it.
        limit = "max_tokens" if os.environ.get("OPENAI_BASE_URL") else "max_completion_tokens"
        options: dict[str, Any] = {limit: member.max_tokens}
        if format:
            options["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": format},
            }
        if probabilities:
            options |= {"logprobs": True, "top_logprobs": 20}
        system = [{"role": "system", "content": member.system}]
        completion = await self._openai_client.chat.completions.create(
            model=model,
            messages=system + _turns(member, prompt),
            temperature=member.temperature,
            seed=member.seed,
            **options,
        )
        choice, usage = completion.choices[0], completion.usage
        first = (
            choice.logprobs.content[0].top_logprobs
            if choice.logprobs and choice.logprobs.content
            else ()
        )
        return {
            "text": choice.message.content or "",
            "prompt_tokens": usage.prompt_tokens if usage else 0,
            "output_tokens": usage.completion_tokens if usage else 0,
            "done_reason": _reason(choice.finish_reason),
            "choices": {top.token: math.exp(top.logprob) for top in first},
        }

    @cached_property
    def _anthropic_client(self) -> Any:
        import anthropic

        return anthropic.AsyncAnthropic(**self._limits, **_client(self._transport))

    @cached_property
    def _openai_client(self) -> Any:
        import openai

        # A server of one's own asks for no key, but the SDK does.
        key = os.environ.get("OPENAI_API_KEY") or "none"
        return openai.AsyncOpenAI(api_key=key, **self._limits, **_client(self._transport))


def _turns(member: Member, prompt: str) -> list[dict[str, str]]:
    turns = [
        {"role": role, "content": text}
        for shot in member.shots
        for role, text in zip(("user", "assistant"), shot, strict=True)
    ]
    return [*turns, {"role": "user", "content": prompt}]


def _reason(reason: str | None) -> str:
    """The host's word for why an answer ended, in ours: "stop", "length", or the host's own
    ("refusal").
    """
    return (
        "length"
        if reason in _CUT_OFF
        else "stop"
        if reason in ("end_turn", "stop_sequence", None)
        else reason
    )


def _client(transport: httpx.AsyncBaseTransport | None) -> dict[str, Any]:
    """The SDKs run on httpx2, our transports on httpx: a bridge from one to the other, where there
    is a transport.
    """
    if transport is None:
        return {}
    import httpx2

    beneath = transport  # never None, as the class below needs it

    class Bridge(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            content = await request.aread()
            asked = httpx.Request(
                request.method, str(request.url), headers=request.headers.raw, content=content
            )
            answer = await beneath.handle_async_request(asked)
            content = (
                await answer.aread()
            )  # decoded, so the headers about its coding no longer hold
            headers = [
                (name, value)
                for name, value in answer.headers.multi_items()
                if name not in ("content-encoding", "content-length", "transfer-encoding")
            ]
            return httpx2.Response(answer.status_code, headers=headers, content=content)

    return {"http_client": httpx2.AsyncClient(transport=Bridge())}


def _ours(error: Exception, model: str) -> Exception:
    """What an SDK raises, as an error of ours that says what to do. Both SDKs name their errors
    alike.
    """
    if isinstance(error.__cause__, MlkitError):  # from a transport of ours
        return error.__cause__
    kind, status = type(error).__name__, getattr(error, "status_code", None)
    said = str(getattr(error, "message", error))[:200]
    if kind == "APITimeoutError":
        return EngineTimeout(
            f"{model!r} took too long to answer. Ask for fewer tokens (max_tokens), or try again"
            " later."
        )
    if kind == "APIConnectionError":
        return EngineUnreachable(
            f"The host of {model!r} does not answer. Check the network, and  echo $OPENAI_BASE_URL"
        )
    if status in (401, 403):
        return EngineError(
            f"The host of {model!r} refuses the key ({said}). Check it in the host's console."
        )
    if status == 404:
        return ModelMissing(
            f"The host does not know {model!r} ({said}). Check the name in the host's list of"
            " models."
        )
    if status in (429, 503, 529):
        return EngineBusy(
            f"The host of {model!r} is full, or your limit is reached ({said}). Try again in a"
            " minute."
        )
    return EngineError(
        f"The host of {model!r} answered {status or kind}: {said!r}. Check the member's settings."
    )
