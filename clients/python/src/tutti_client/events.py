"""The events of a plan, as one unbroken stream."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any, Literal, TypedDict

from .errors import TuttiError
from .transport import Transport

#: The service sends a heartbeat far more often.
IDLE_TIMEOUT = 60.0
PAUSE_BEFORE_RESUMING = 0.25
#: Broken connections in a row, without one event between them, before a stream is given up.
MOST_FRUITLESS = 10
FINISHED = ("succeeded", "partial", "failed", "cancelled")

EventType = Literal[
    "snapshot",
    "plan.queued",
    "plan.started",
    "plan.stopped",
    "plan.reopened",
    "plan.finished",
    "tasks.added",
    "task.started",
    "task.finished",
    "task.requeued",
    "task.retrying",
    "task.text",
    "step.finished",
    "synthesis.started",
    "synthesis.finished",
]


class Event(TypedDict):
    """One event. `id` is what a later `last_event_id` goes on from."""

    id: str | None
    type: EventType
    data: dict[str, Any]


def follow(
    transport: Transport,
    path: str,
    *,
    last_event_id: str | None = None,
    tokens: bool = False,
    task_id: str | None = None,
) -> Iterator[Event]:
    """The events until the plan has finished, across broken connections."""
    position = last_event_id
    finished = False
    fruitless = 0
    while True:
        before = position
        headers = {"accept": "text/event-stream"}
        if position is not None:
            headers["last-event-id"] = position
        query = {"tokens": tokens or None, "taskId": task_id}
        try:
            with transport.open(
                "GET", f"{path}/events", query=query, headers=headers, timeout=IDLE_TIMEOUT
            ) as response:
                # The standard's way to say that there is nothing more to come.
                if response.status == 204:
                    return
                for event in _parse(response):
                    if event["id"] is not None and event["id"] == position:
                        continue
                    position = event["id"] or position
                    finished = _ends(event, finished)
                    yield event
        except (OSError, HTTPException):
            pass
        if finished:
            return
        if position == before and position is not None and _has_finished(transport, path):
            return
        fruitless = fruitless + 1 if position == before else 0
        if fruitless >= MOST_FRUITLESS:
            raise TuttiError("network-error", "the stream of events keeps breaking off")
        time.sleep(PAUSE_BEFORE_RESUMING * (fruitless + 1))


def _has_finished(transport: Transport, path: str) -> bool:
    """A stream that is resumed after the last event of a plan is empty, as is one that was cut at once."""
    return transport.json("GET", path)["status"] in FINISHED


def _parse(lines: Iterator[bytes] | Any) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for raw in lines:
        line = raw.decode().rstrip("\r\n")
        if line == "":
            if "data" in fields and "event" in fields:
                yield {
                    "id": fields.get("id") or None,
                    "type": fields["event"],  # type: ignore[typeddict-item]
                    "data": _data(fields),
                }
            fields = {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and "data" in fields:
            fields["data"] += "\n" + value
        elif name:
            fields[name] = value


def _data(fields: dict[str, str]) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(fields["data"])
        return data
    except ValueError as error:
        raise TuttiError("bad-response", f"the event {fields['event']} does not hold JSON") from error


def _ends(event: Event, before: bool) -> bool:
    """Whether the service ends the stream here. A synthesis that was asked for later may follow."""
    if event["type"] == "plan.finished":
        return True
    if event["type"] == "plan.reopened":
        return False
    if event["type"] == "snapshot":
        return event["data"]["plan"]["status"] in FINISHED
    return before
