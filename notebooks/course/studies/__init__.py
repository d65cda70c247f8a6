"""What the series measures. Each study asks one set of questions; `mlkit record` keeps its answers
in a file of its own. In a notebook: `desk = await studies.desk(kit.recorded)`.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from course import capstone
from course.studies.composite_orders import (
    order,
    order_members,
    order_samples,
    order_tasks,
    order_variants,
    orders,
    orders_and_variants,
)
from course.studies.desk_and_triage import (
    answered_by,
    classifiers,
    desk,
    examples,
    judge,
    routed,
    routing,
    samples,
    sent,
    specialists,
    triage,
    triage_members,
)
from course.studies.free_texts import (
    meanings,
    picking,
    rewriting,
    text_tasks,
    texts,
    write_and_check,
)
from course.studies.measuring import with_id
from mlkit.kit import Kit

Study = Callable[[Kit], Coroutine[Any, Any, Any]]
STUDIES: Mapping[str, Study] = {
    "desk": desk,
    "routing": routing,
    "classifiers": classifiers,
    "triage": triage,
    "samples": samples,
    "texts": meanings,
    "picking": picking,
    "rewriting": rewriting,
    "examples": examples,
    "judge": judge,
    "specialists": specialists,
    "order_members": order_members,
    "order_samples": order_samples,
    "orders": orders,
    "order_variants": order_variants,
    "own": capstone.own_prompts,
}
