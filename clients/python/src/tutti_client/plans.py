"""Plans: submitting, following and changing them."""

from __future__ import annotations

import builtins
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Literal

from .errors import TuttiError
from .events import FINISHED, Event, follow
from .paths import LONGEST_WAIT, pages, plan_path, selection
from .transport import Transport
from .types import (
    Delivery,
    DryRun,
    Plan,
    PlanStatus,
    Report,
    SubmitPlan,
    TaskStatus,
    SubmitPlanTasksItem,
    Todos,
)


class Plans:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self, plan: SubmitPlan, *, idempotency_key: str | None = None, wait: float | None = None
    ) -> Plan:
        """Stores the plan and enqueues all its tasks at once.

        The same key and plan make one plan only; without a key a random one makes retries safe. With
        `wait` the answer is the finished plan, if it ends in time.
        """
        awaited = min(wait or 0.0, LONGEST_WAIT)
        headers = {"idempotency-key": idempotency_key or str(uuid.uuid4())}
        if wait is not None:
            headers["prefer"] = f"wait={round(awaited)}"
        # A model writes the tasks of a goal before the answer.
        patience = LONGEST_WAIT if "goal" in plan else awaited
        answer: Plan = self._transport.json(
            "POST", "/v1/plans", body=plan, headers=headers, wait=patience
        )
        return answer

    def dry_run(self, plan: SubmitPlan) -> DryRun:
        """What the plan would do; nothing is stored."""
        patience = LONGEST_WAIT if "goal" in plan else 0.0
        answer: DryRun = self._transport.json(
            "POST", "/v1/plans", query={"dryRun": True}, body=plan, wait=patience
        )
        return answer

    def get(self, plan_id: str) -> Plan:
        answer: Plan = self._transport.json("GET", plan_path(plan_id))
        return answer

    def list(
        self,
        *,
        status: PlanStatus | None = None,
        search: str | None = None,
        created_from: str | None = None,
        created_before: str | None = None,
        min_cost_usd: float | None = None,
        max_cost_usd: float | None = None,
        page_size: int | None = None,
    ) -> Iterator[Plan]:
        """All plans that fit, newest first; a page is asked for when it is reached."""
        query = {
            "status": status,
            "search": search,
            "createdFrom": created_from,
            "createdBefore": created_before,
            "minCostUsd": min_cost_usd,
            "maxCostUsd": max_cost_usd,
            "limit": page_size,
        }
        return pages(self._transport, "/v1/plans", query)

    def wait(self, plan_id: str, *, timeout: float | None = None) -> Plan:
        """The finished plan. Raises `TuttiError` with `timeout` when it has not finished in time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LONGEST_WAIT if deadline is None else max(0.0, deadline - time.monotonic())
            wait = min(left, LONGEST_WAIT)
            plan: Plan = self._transport.json(
                "GET", plan_path(plan_id), query={"wait": round(wait)}, wait=wait
            )
            if plan["status"] in FINISHED:
                return plan
            if deadline is not None and time.monotonic() >= deadline:
                raise TuttiError("timeout", f"the plan is {plan['status']} after {timeout} s")

    def events(
        self,
        plan_id: str,
        *,
        last_event_id: str | None = None,
        tokens: bool = False,
        task_id: str | None = None,
    ) -> Iterator[Event]:
        """Every change until the plan has finished, across broken connections; a snapshot first."""
        return follow(
            self._transport,
            plan_path(plan_id),
            last_event_id=last_event_id,
            tokens=tokens,
            task_id=task_id,
        )

    def cancel(
        self,
        plan_id: str,
        *,
        tasks: Sequence[str] | None = None,
        status: Sequence[Literal["queued", "running"]] | None = None,
    ) -> Plan:
        """Cancels the plan; with `tasks` or `status` these tasks alone, all of them or none."""
        try:
            answer: Plan = self._transport.json(
                "POST", f"{plan_path(plan_id)}/cancel", body=selection(tasks, status)
            )
            return answer
        except TuttiError as error:
            # An earlier try, whose answer was lost, has done it.
            if error.code in ("plan-finished", "task-finished") and error.tries > 1:
                return self.get(plan_id)
            raise

    def retry(
        self,
        plan_id: str,
        *,
        tasks: Sequence[str] | None = None,
        status: Sequence[TaskStatus] | None = None,
    ) -> Plan:
        """Runs several ended tasks again, all or none; by default all that did not succeed."""
        answer: Plan = self._transport.json(
            "POST",
            f"{plan_path(plan_id)}/retry",
            body=selection(tasks, status),
            repeatable=False,
        )
        return answer

    def add(
        self,
        plan_id: str,
        tasks: Sequence[SubmitPlanTasksItem],
        *,
        idempotency_key: str | None = None,
    ) -> Plan:
        """Adds tasks to a plan that runs or has finished, all or none.

        Without a key a random one makes retries safe.
        """
        answer: Plan = self._transport.json(
            "POST",
            f"{plan_path(plan_id)}/tasks",
            body={"tasks": [*tasks]},
            headers={"idempotency-key": idempotency_key or str(uuid.uuid4())},
        )
        return answer

    def resume(self, plan_id: str, budget_usd: float) -> Plan:
        """Raises the budget of a plan that its budget stopped, and runs what is left."""
        answer: Plan = self._transport.json(
            "POST", f"{plan_path(plan_id)}/resume", body={"budgetUsd": budget_usd}, repeatable=False
        )
        return answer

    def delete(self, plan_id: str) -> None:
        try:
            self._transport.json("DELETE", plan_path(plan_id))
        except TuttiError as error:
            if not (error.code == "plan-not-found" and error.tries > 1):
                raise

    def report(self, plan_id: str) -> Report:
        answer: Report = self._transport.json("GET", f"{plan_path(plan_id)}/report")
        return answer

    def todos(self, plan_id: str) -> Todos:
        answer: Todos = self._transport.json("GET", f"{plan_path(plan_id)}/todos")
        return answer

    def submission(self, plan_id: str, *, files: bool = False) -> SubmitPlan:
        """What the plan was submitted with; with `files` the texts of its files too."""
        answer: SubmitPlan = self._transport.json(
            "GET", f"{plan_path(plan_id)}/submission", query={"files": files}
        )
        return answer

    def deliveries(self, plan_id: str) -> builtins.list[Delivery]:
        """What became of the plan's webhooks."""
        answer = self._transport.json("GET", f"{plan_path(plan_id)}/deliveries")
        items: builtins.list[Delivery] = answer["items"]
        return items
