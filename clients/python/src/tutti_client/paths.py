"""Addresses and pages that the calls share."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .transport import Transport

#: The longest that one call asks the service to wait; longer waits are several calls.
LONGEST_WAIT = 240.0


def plan_path(plan_id: str) -> str:
    return f"/v1/plans/{urllib.parse.quote(plan_id, safe='')}"


def task_path(plan_id: str, task_id: str) -> str:
    return f"{plan_path(plan_id)}/tasks/{urllib.parse.quote(task_id, safe='')}"


def selection(tasks: Sequence[str] | None, status: Sequence[str] | None) -> dict[str, Any] | None:
    chosen = {
        **({} if tasks is None else {"tasks": [*tasks]}),
        **({} if status is None else {"status": [*status]}),
    }
    return chosen or None


def pages(transport: Transport, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
    cursor = None
    while True:
        page = transport.json("GET", path, query={**query, "cursor": cursor})
        yield from page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return
