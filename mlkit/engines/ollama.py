"""Ask and Embed over the official Ollama client. Which engine answers is decided by the transport
beneath it.
"""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import ollama
import pydantic

from mlkit.ask import Member, Reply
from mlkit.engines.request import (
    CONTEXT_TOKENS,
    FILLS_CONTEXT,
    check_prompt,
    messages_for,
    options_for,
)
from mlkit.errors import (
    BadPrompt,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
    MlkitError,
    ModelMissing,
)

_NANO = 1e-9
_RUN_OR_REPLAY = "Start it with:  ollama serve   or run on the recordings:  MLKIT_ENGINE=replay"


class Chat:
    """`await chat(member, prompt)` is an `Ask`."""

    def __init__(
        self,
        host: str,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout_seconds: float = 300.0,
    ) -> None:
        # The client's own default is to wait for ever.
        timeout = httpx.Timeout(timeout_seconds, connect=3.0)
        self._client = ollama.AsyncClient(host, transport=transport, timeout=timeout)
        self._where = host

    async def __call__(
        self,
        member: Member,
        prompt: str,
        *,
        role: str = "",
        format: dict[str, Any] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Reply:
        messages = messages_for(member, prompt)
        check_prompt(prompt, sum(len(message["content"]) for message in messages))
        probabilities: dict[str, Any] = {"logprobs": True, "top_logprobs": 20} if labels else {}
        with _our_errors(member.model, self._where):
            response = await self._client.chat(
                member.model,
                messages,
                format=format,
                options=options_for(member),
                **probabilities,
            )
        return _reply(member, response)

    async def embed(self, model: str, texts: Sequence[str]) -> Any:
        """Unit vectors, one for each text: an array of shape (n, d)."""
        import numpy as np  # here, because it costs a third of `import mlkit`

        for text in texts:
            check_prompt(text, len(text))
        with _our_errors(model, self._where):
            response = await self._client.embed(model, list(texts))
        vectors = np.array(response.embeddings, dtype=float)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _reply(member: Member, response: Any) -> Reply:
    """From Ollama's chat response."""
    if (response.get("prompt_eval_count") or 0) >= CONTEXT_TOKENS:
        raise BadPrompt(FILLS_CONTEXT)
    first = response["logprobs"][0].get("top_logprobs") or () if response.get("logprobs") else ()
    return Reply(
        text=response["message"].get("content") or "",
        member=member,
        prompt_tokens=response.get("prompt_eval_count") or 0,
        output_tokens=response.get("eval_count") or 0,
        load_seconds=(response.get("load_duration") or 0) * _NANO,
        prompt_seconds=(response.get("prompt_eval_duration") or 0) * _NANO,
        output_seconds=(response.get("eval_duration") or 0) * _NANO,
        done_reason=response.get("done_reason") or "stop",
        choices={choice["token"]: math.exp(choice["logprob"]) for choice in first},
    )


@contextmanager
def _our_errors(model: str, where: str) -> Iterator[None]:
    """Turn what the client and its transport raise into errors that say what to do."""
    try:
        yield
    except ollama.ResponseError as error:
        raise _from_status(error, model, where) from None
    except httpx.ConnectTimeout:
        raise EngineUnreachable(f"Nothing answers at {where}. {_RUN_OR_REPLAY}") from None
    except httpx.TimeoutException:
        raise EngineTimeout(
            f"{model!r} at {where} took too long to answer. Ask for fewer tokens (max_tokens), take"
            " a smaller model, or wait longer:  MLKIT_TIMEOUT_SECONDS=900"
        ) from None
    except (ConnectionError, httpx.TransportError) as error:
        raise EngineUnreachable(
            f"The model server at {where} did not answer, or went away in the middle "
            f"({type(error).__name__}). {_RUN_OR_REPLAY}"
        ) from None
    except RuntimeError as error:
        if "loop" not in str(error):
            raise
        raise EngineError(
            "This kit was connected in an event loop that has ended. Connect again:  kit ="
            " mlkit.connect()"
        ) from None
    except (json.JSONDecodeError, pydantic.ValidationError, UnicodeDecodeError):
        raise EngineError(
            f"What answered at {where} does not speak Ollama's language (its reply was not the JSON"
            " we expected). Check the address:  echo $OLLAMA_HOST"
        ) from None


def _from_status(error: ollama.ResponseError, model: str, where: str) -> MlkitError:
    if "context length" in error.error:
        return BadPrompt(FILLS_CONTEXT)
    if error.status_code == 404:
        return ModelMissing(
            f"Model {model!r} is not on the server at {where}. Fetch it with:  ollama pull {model} "
            "  or run on the recordings:  MLKIT_ENGINE=replay"
        )
    if error.status_code == 503:
        return EngineBusy(
            f"The server at {where} is full ({error.error[:200]}). Ask again in a moment, or let"
            " more calls wait:  OLLAMA_MAX_QUEUE=512 ollama serve"
        )
    return EngineError(
        f"The server at {where} answered {error.status_code}: {error.error[:200]!r}. Its log says"
        " more; check it with:  mlkit doctor"
    )
