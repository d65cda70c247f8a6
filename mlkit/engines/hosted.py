"""Members that live elsewhere: Claude through the anthropic SDK, any OpenAI-compatible server
through the openai SDK.

A class or a team outgrows one machine this way: `Member("claude:claude-sonnet-5-5")`,
`Member("openai:qwen2.5:7b")` with OPENAI_BASE_URL set to a vLLM, llama-server or Ollama. Retries,
back-off and connection limits are the SDKs' own; who is full is asked again for half a minute.
"""

import asyncio
import importlib.util
import math
import os
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from mlkit.ask import Member, Reply
from mlkit.engines.interrupt import interruptible
from mlkit.engines.request import (
    BUSY_SECONDS,
    answered,
    check_prompt,
    messages_for,
    options_for,
    wait_for_room,
    wanted_schema,
)
from mlkit.errors import (
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
    MlkitError,
    ModelMissing,
    keyless,
)
from mlkit.escaped import printable
from mlkit.wrappers import Engine

# platform.claude.com, "What's new in Claude Sonnet 5.5", read on 2026-11-23: which models take a
# temperature, and the `thinking` type that keeps max_tokens for the answer of one that thinks.
TAKE_TEMPERATURE = {"claude-sonnet-4-6"}
NO_THINKING = {"claude-sonnet-5": "disabled", "claude-sonnet-5-5": "between_tools"}
# The package of a host, and the variables of which one must be set.
NEEDS = {
    "claude": ("anthropic", ("ANTHROPIC_API_KEY",)),
    "openai": ("openai", ("OPENAI_API_KEY", "OPENAI_BASE_URL")),
}
JSON = dict[str, Any]
FULL = (429, 503, 529)
_CUT_OFF = ("length", "max_tokens", "model_context_window_exceeded")
_ENDED = ("end_turn", "stop_sequence", None)


def missing(model: str) -> str:
    """Why a hosted model cannot be asked here, and what to type; "" where it can, or is local."""
    host = model.partition(":")[0]
    if host not in NEEDS:
        return ""
    package, variables = NEEDS[host]
    if importlib.util.find_spec(package) is None:
        what, fix = f"needs the {package} package", f"Install it with:  uv sync --extra {host}"
    elif not any(os.environ.get(variable) for variable in variables):
        what, fix = "has no key", f"Set one with:  export {' or '.join(variables)}=..."
    else:
        return ""
    return f"{model!r} {what}, so it is left out. {fix}"


class Hosted:
    """An engine over another one: members named `claude:...` or `openai:...` go to their hosts, all
    others, and texts to embed, to `local`.

    A host does not say how long it read and wrote: the whole call counts as output_seconds.
    """

    def __init__(self, local: Engine, timeout_seconds: float = 300.0, retries: int = 2) -> None:
        self._local = local
        self._limits: JSON = {"timeout": timeout_seconds, "max_retries": retries}
        self._clients: WeakKeyDictionary[Any, JSON] = WeakKeyDictionary()  # of each event loop
        self._told: set[str] = set()  # the models of which was said what their host decides

    async def __call__(self, member: Member, prompt: str, **options: Any) -> Reply:
        host, _, model = member.model.partition(":")
        if host not in NEEDS:
            return await self._local(member, prompt, **options)
        if why := missing(member.model):
            raise EngineError(why)
        check_prompt(prompt, 0)  # a host has its own limit of length, and says so
        schema, labels = wanted_schema(member, options.get("format")), options.get("labels")
        try:
            with interruptible():
                # The SDK limits each read and each try, this the whole answer.
                async with asyncio.timeout(self._limits["timeout"]):
                    if host == "claude":
                        ask = partial(self._claude, member, model, prompt, schema)
                    else:
                        ask = partial(self._openai, member, model, prompt, schema, bool(labels))
                    started, fields = await _patiently(ask)
        except Exception as error:
            raise _ours(error, member.model) from None
        reply = Reply(member=member, output_seconds=time.perf_counter() - started, **fields)
        return answered(reply)

    async def embed(self, model: str, texts: Sequence[str]) -> Any:
        """Unit vectors, one for each text, of the local engine."""
        return await self._local.embed(model, texts)

    async def _claude(self, member: Member, model: str, prompt: str, format: JSON | None) -> JSON:
        import anthropic

        turns: Any = messages_for(member, prompt)[1:]
        taken = {"num_predict"}
        options: JSON = {"system": member.system} if member.system else {}
        if format:
            schema = anthropic.transform_schema(format)  # Claude takes fewer keywords than Ollama
            options["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        if model in NO_THINKING:
            taken.add("think")
            options |= {} if member.think else {"thinking": {"type": NO_THINKING[model]}}
        if model in TAKE_TEMPERATURE:  # the SDK has no argument for it any more
            taken.add("temperature")
            options["extra_body"] = {"temperature": min(member.temperature, 1.0)}
        self._tell_untaken(member, taken)
        client = self._client(anthropic.AsyncAnthropic, "ANTHROPIC_BASE_URL")
        message = await client.messages.create(
            model=model, max_tokens=member.max_tokens, messages=turns, **options
        )
        thoughts = [b.thinking or "..." for b in message.content if b.type == "thinking"]
        return {
            "text": "".join(block.text for block in message.content if block.type == "text"),
            "prompt_tokens": message.usage.input_tokens,
            "output_tokens": message.usage.output_tokens,
            "done_reason": _reason(message.stop_reason),
            "thinking": "".join(thoughts),  # "..." where Claude does not show them
        }

    async def _openai(
        self, member: Member, model: str, prompt: str, format: JSON | None, probabilities: bool
    ) -> JSON:
        import openai

        # Servers of open models know max_tokens; OpenAI's own newer models refuse it.
        limit = "max_tokens" if os.environ.get("OPENAI_BASE_URL") else "max_completion_tokens"
        self._tell_untaken(member, {"num_predict", "temperature", "seed", "top_p"})
        options: JSON = {limit: member.max_tokens, "messages": messages_for(member, prompt)}
        if format:
            schema = {"name": "answer", "schema": format}
            options["response_format"] = {"type": "json_schema", "json_schema": schema}
        options |= {"logprobs": True, "top_logprobs": 20} if probabilities else {}
        key = os.environ.get("OPENAI_API_KEY") or "none"  # a server of one's own asks for none
        client = self._client(openai.AsyncOpenAI, "OPENAI_BASE_URL", api_key=key)
        completion = await client.chat.completions.create(
            model=model,
            temperature=member.temperature,
            seed=member.seed,
            top_p=options_for(member)["top_p"],
            **options,
        )
        choice, usage = completion.choices[0], completion.usage
        # vLLM and llama-server call it so, Ollama and others without "_content".
        said = choice.message.model_extra or {}
        thinking = said.get("reasoning_content") or said.get("reasoning")
        tokens = choice.logprobs.content if choice.logprobs else None
        first = tokens[0].top_logprobs if tokens else ()
        counted = usage and usage.completion_tokens_details
        return {
            "text": choice.message.content or "",
            "prompt_tokens": usage.prompt_tokens if usage else 0,
            "output_tokens": usage.completion_tokens if usage else 0,
            "done_reason": _reason(choice.finish_reason),
            "choices": {top.token: math.exp(top.logprob) for top in first},
            "thinking": thinking if isinstance(thinking, str) else "",
            "thinking_tokens": (counted and counted.reasoning_tokens) or 0,
        }

    def _client(self, make: Callable[..., Any], variable: str, **options: Any) -> Any:
        """An SDK's client: it serves only the event loop that it was first used in."""
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        if variable not in clients:
            clients[variable] = make(**self._limits, **_connection(variable), **options)
        return clients[variable]

    def _tell_untaken(self, member: Member, taken: Collection[str]) -> None:
        """Say once for each model what of a member its host takes no word on."""
        if member.model not in self._told:
            self._told.add(member.model)
            untaken = [name for name in (*options_for(member), "think") if name not in taken]
            print(printable(f"{member.model}: its host decides about {', '.join(untaken)} itself."))


def _connection(variable: str) -> JSON:
    """Past any proxy to a server on this machine: with its own transport a client takes none."""
    import httpx2  # what both SDKs connect with

    address = urlsplit(os.environ.get(variable, "").strip())
    if address.hostname not in ("localhost", "127.0.0.1", "::1"):
        return {}
    return {"http_client": httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport())}


async def _patiently(ask: Callable[[], Awaitable[JSON]]) -> tuple[float, JSON]:
    """What a host answers, and when it was asked that; a full one is asked again."""
    for seconds in BUSY_SECONDS:
        started = time.perf_counter()
        try:
            return started, await ask()
        except Exception as error:
            if getattr(error, "status_code", 0) not in FULL:
                raise
        await wait_for_room(seconds)
    return time.perf_counter(), await ask()


def _reason(reason: str | None) -> str:
    """Why an answer ended: "stop", "length", or the host's own word ("refusal")."""
    if reason in _CUT_OFF:
        return "length"
    return "stop" if reason in _ENDED else str(reason)


def _ours(error: Exception, model: str) -> MlkitError:
    """What an SDK raises, as an error that says what to do. Both SDKs name their errors alike."""
    if isinstance(error, MlkitError):
        return error
    kind, status = type(error).__name__, getattr(error, "status_code", None)
    host, said = f"The host of {model!r}", keyless(error)
    base = "ANTHROPIC_BASE_URL" if model.startswith("claude:") else "OPENAI_BASE_URL"
    match kind, status:
        case "APITimeoutError" | "TimeoutError", _:
            fix = "Ask for fewer tokens (max_tokens), or try again later."
            return EngineTimeout(f"{host} took too long to answer. {fix}")
        case "APIConnectionError", _:
            fix = f"Check the network, and  echo ${base}"
            return EngineUnreachable(f"{host} does not answer. {fix}")
        case _, 401 | 403:
            fix = "Check it in the host's console."
            return EngineError(f"{host} refuses the key ({said}). {fix}")
        case _, 404:
            fix = "Check the name in the host's list of models."
            return ModelMissing(f"{host} does not know it ({said}). {fix}")
        case _, status if status in FULL:
            fix = "Try again in a minute."
            return EngineBusy(f"{host} is full, or your limit is reached ({said}). {fix}")
        case "JSONDecodeError" | "AttributeError" | "TypeError" | "IndexError", _:
            fix = f"Check the address:  echo ${base}"
            return EngineError(f"{host} does not answer in its SDK's language ({kind}). {fix}")
    return EngineError(f"{host} answered {status or kind}: {said!r}. Check the member's settings.")
