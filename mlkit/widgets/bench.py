"""Try a model live: a prompt, a button that asks it and one that stops it."""

import asyncio
import concurrent.futures
import time
from typing import Any

import ipywidgets as widgets

from mlkit.ask import Member, Reply
from mlkit.escaped import in_html
from mlkit.kit import Kit
from mlkit.patterns.single_model import SingleModel
from mlkit.widgets.panels import WIDE, Described, error_line, line


def try_it(kit: Kit, member: Member, prompt: str) -> widgets.VBox:
    """Ask a member anything; on recordings, choose among the prompts that were recorded for it."""
    where, question = _question(kit, member, prompt)
    ask = widgets.Button(
        description="Ask", button_style="primary", tooltip="Send the prompt to the model"
    )
    stop = widgets.Button(description="Stop", disabled=True, tooltip="Stop the model")
    state, answer = widgets.HTML(), widgets.HTML()
    # Lab handles clicks in a thread of its own, with a loop of its own; the kit's connections
    # belong to this one.
    loop = asyncio.get_running_loop()
    task: concurrent.futures.Future | None = None

    async def run() -> None:
        clock = asyncio.create_task(_tick(state))
        try:
            done = await kit.run(SingleModel(member), question.value)
        except asyncio.CancelledError:
            state.value = line("Stopped.")
        except Exception as error:
            state.value = error_line(error)
        else:
            reply = done.calls[0].reply
            assert isinstance(reply, Reply)  # a call that fails raises
            state.value = line(_took(reply))
            answer.value = f"<pre style='white-space: pre-wrap'>{in_html(done.result.text)}</pre>"
        finally:
            clock.cancel()
            ask.disabled, stop.disabled = False, True

    def start(_: Any) -> None:
        nonlocal task
        ask.disabled, stop.disabled, answer.value = True, False, ""
        task = asyncio.run_coroutine_threadsafe(run(), loop)

    ask.on_click(start)
    stop.on_click(lambda _: task.cancel() if task else None)
    parts = [widgets.HTML(line(where)), question, widgets.HBox([ask, stop]), state, answer]
    return Described(widgets.VBox(parts), f"Try it. {where}")


def _question(kit: Kit, member: Member, prompt: str) -> tuple[str, widgets.ValueWidget]:
    """Who answers, and where to write or to choose the prompt."""
    if kit.live:
        return "A live model answers.", widgets.Textarea(prompt, rows=2, layout=WIDE)
    prompts = kit.recorded_prompts(member)
    where = "On recordings: choose one of the prompts that were recorded."
    return where, widgets.Dropdown(options=prompts, value=prompt, layout=WIDE)


async def _tick(state: widgets.HTML) -> None:
    started = time.perf_counter()
    while True:
        state.value = line(f"The model is working: {time.perf_counter() - started:.0f} s")
        await asyncio.sleep(0.5)


def _took(reply: Reply) -> str:
    cut_off = ", cut off by max_tokens" if reply.cut_off else ""
    return (
        f"{reply.seconds:.1f} s, {reply.prompt_tokens} tokens read, {reply.output_tokens} written"
        f"{cut_off}"
    )
