"""Tasks: their states, outputs and steps."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from .errors import TuttiError
from .paths import LONGEST_WAIT, pages, plan_path, task_path
from .transport import Transport
from .types import Message, OutputTask, Step, TaskDetail, TaskOutput, TaskStatus, TaskSummary


class Tasks:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, plan_id: str, *, status: TaskStatus | None = None, page_size: int | None = None
    ) -> Iterator[TaskSummary]:
        """All tasks of the plan, without their outputs."""
        query = {"status": status, "limit": page_size}
        return pages(self._transport, f"{plan_path(plan_id)}/tasks", query)

    def get(self, plan_id: str, task_id: str) -> TaskDetail:
        answer: TaskDetail = self._transport.json("GET", task_path(plan_id, task_id))
        return answer

    def output(
        self, plan_id: str, task_id: str, *, block: bool = True, timeout: float = 30.0
    ) -> TaskOutput:
        """A task's output, or its state with `timeout` or `not_ready`."""
        deadline = time.monotonic() + timeout
        while True:
            wait = min(max(0.0, deadline - time.monotonic()), LONGEST_WAIT) if block else 0.0
            answer: TaskOutput = self._transport.json(
                "GET",
                f"{task_path(plan_id, task_id)}/output",
                query={"block": block, "timeout": round(wait * 1000) if block else None},
                wait=wait,
            )
            if answer["retrievalStatus"] == "success" or not block:
                return answer
            if time.monotonic() >= deadline:
                return answer

    def outputs(self, plan_id: str) -> Iterator[OutputTask]:
        """Every task that has ended by now, with its output, in the order of ending."""
        path = f"{plan_path(plan_id)}/outputs"
        with self._transport.open("GET", path, headers={"accept": "application/x-ndjson"}) as lines:
            for line in lines:
                if line.strip():
                    yield json.loads(line)

    def steps(
        self, plan_id: str, task_id: str, *, page_size: int | None = None
    ) -> Iterator[Step]:
        """What an agent has said and done, the first step first."""
        path = f"{task_path(plan_id, task_id)}/steps"
        return pages(self._transport, path, {"limit": page_size})

    def message(self, plan_id: str, task_id: str, text: str) -> Message:
        """Says something to the agent of a running task, which reads it before its next step."""
        answer: Message = self._transport.json(
            "POST", f"{task_path(plan_id, task_id)}/messages", body={"text": text}, repeatable=False
        )
        return answer

    def cancel(self, plan_id: str, task_id: str) -> TaskDetail:
        try:
            answer: TaskDetail = self._transport.json(
                "POST", f"{task_path(plan_id, task_id)}/cancel"
            )
            return answer
        except TuttiError as error:
            if error.code == "task-finished" and error.tries > 1:
                return self.get(plan_id, task_id)
            raise

    def retry(self, plan_id: str, task_id: str) -> TaskDetail:
        """Runs an ended task again; a new version of the synthesis follows."""
        answer: TaskDetail = self._transport.json(
            "POST", f"{task_path(plan_id, task_id)}/retry", repeatable=False
        )
        return answer
