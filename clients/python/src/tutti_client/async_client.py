"""The same calls for `async` code, each on a thread of its own."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

from .client import Tutti
from .events import Event
from .types import (
    Delivery,
    DryRun,
    ExecutorList,
    Message,
    OutputTask,
    Plan,
    PlanStatus,
    Report,
    Step,
    SubmitPlan,
    Synthesis,
    TaskDetail,
    TaskOutput,
    TaskStatus,
    SubmitPlanTasksItem,
    TaskSummary,
    Todos,
    Workers,
)

Item = TypeVar("Item")


class AsyncTutti:
    """As `Tutti`. A cancelled call returns at once; its request ends on its thread."""

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:3000",
        *,
        api_key: str | None = None,
        timeout: float = 30.0,
        retries: int = 8,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._sync = Tutti(
            base_url, api_key=api_key, timeout=timeout, retries=retries, headers=headers
        )
        self.plans = AsyncPlans(self._sync)
        self.tasks = AsyncTasks(self._sync)
        self.syntheses = AsyncSyntheses(self._sync)

    async def executors(self) -> ExecutorList:
        return await asyncio.to_thread(self._sync.executors)

    async def workers(self) -> Workers:
        return await asyncio.to_thread(self._sync.workers)


class AsyncPlans:
    def __init__(self, sync: Tutti) -> None:
        self._plans = sync.plans

    async def submit(
        self, plan: SubmitPlan, *, idempotency_key: str | None = None, wait: float | None = None
    ) -> Plan:
        return await asyncio.to_thread(
            self._plans.submit, plan, idempotency_key=idempotency_key, wait=wait
        )

    async def dry_run(self, plan: SubmitPlan) -> DryRun:
        return await asyncio.to_thread(self._plans.dry_run, plan)

    async def get(self, plan_id: str) -> Plan:
        return await asyncio.to_thread(self._plans.get, plan_id)

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
    ) -> AsyncIterator[Plan]:
        return _iterate(
            lambda: self._plans.list(
                status=status,
                search=search,
                created_from=created_from,
                created_before=created_before,
                min_cost_usd=min_cost_usd,
                max_cost_usd=max_cost_usd,
                page_size=page_size,
            )
        )

    async def wait(self, plan_id: str, *, timeout: float | None = None) -> Plan:
        return await asyncio.to_thread(self._plans.wait, plan_id, timeout=timeout)

    def events(
        self,
        plan_id: str,
        *,
        last_event_id: str | None = None,
        tokens: bool = False,
        task_id: str | None = None,
    ) -> AsyncIterator[Event]:
        return _iterate(
            lambda: self._plans.events(
                plan_id, last_event_id=last_event_id, tokens=tokens, task_id=task_id
            )
        )

    async def cancel(
        self,
        plan_id: str,
        *,
        tasks: Sequence[str] | None = None,
        status: Sequence[Literal["queued", "running"]] | None = None,
    ) -> Plan:
        return await asyncio.to_thread(self._plans.cancel, plan_id, tasks=tasks, status=status)

    async def retry(
        self,
        plan_id: str,
        *,
        tasks: Sequence[str] | None = None,
        status: Sequence[TaskStatus] | None = None,
    ) -> Plan:
        return await asyncio.to_thread(self._plans.retry, plan_id, tasks=tasks, status=status)

    async def add(
        self,
        plan_id: str,
        tasks: Sequence[SubmitPlanTasksItem],
        *,
        idempotency_key: str | None = None,
    ) -> Plan:
        return await asyncio.to_thread(
            self._plans.add, plan_id, tasks, idempotency_key=idempotency_key
        )

    async def resume(self, plan_id: str, budget_usd: float) -> Plan:
        return await asyncio.to_thread(self._plans.resume, plan_id, budget_usd)

    async def delete(self, plan_id: str) -> None:
        await asyncio.to_thread(self._plans.delete, plan_id)

    async def report(self, plan_id: str) -> Report:
        return await asyncio.to_thread(self._plans.report, plan_id)

    async def todos(self, plan_id: str) -> Todos:
        return await asyncio.to_thread(self._plans.todos, plan_id)

    async def submission(self, plan_id: str, *, files: bool = False) -> SubmitPlan:
        return await asyncio.to_thread(self._plans.submission, plan_id, files=files)

    async def deliveries(self, plan_id: str) -> builtins.list[Delivery]:
        return await asyncio.to_thread(self._plans.deliveries, plan_id)


class AsyncTasks:
    def __init__(self, sync: Tutti) -> None:
        self._tasks = sync.tasks

    def list(
        self, plan_id: str, *, status: TaskStatus | None = None, page_size: int | None = None
    ) -> AsyncIterator[TaskSummary]:
        return _iterate(lambda: self._tasks.list(plan_id, status=status, page_size=page_size))

    async def get(self, plan_id: str, task_id: str) -> TaskDetail:
        return await asyncio.to_thread(self._tasks.get, plan_id, task_id)

    async def output(
        self, plan_id: str, task_id: str, *, block: bool = True, timeout: float = 30.0
    ) -> TaskOutput:
        return await asyncio.to_thread(
            self._tasks.output, plan_id, task_id, block=block, timeout=timeout
        )

    def outputs(self, plan_id: str) -> AsyncIterator[OutputTask]:
        return _iterate(lambda: self._tasks.outputs(plan_id))

    def steps(
        self, plan_id: str, task_id: str, *, page_size: int | None = None
    ) -> AsyncIterator[Step]:
        return _iterate(lambda: self._tasks.steps(plan_id, task_id, page_size=page_size))

    async def message(self, plan_id: str, task_id: str, text: str) -> Message:
        return await asyncio.to_thread(self._tasks.message, plan_id, task_id, text)

    async def cancel(self, plan_id: str, task_id: str) -> TaskDetail:
        return await asyncio.to_thread(self._tasks.cancel, plan_id, task_id)

    async def retry(self, plan_id: str, task_id: str) -> TaskDetail:
        return await asyncio.to_thread(self._tasks.retry, plan_id, task_id)


class AsyncSyntheses:
    def __init__(self, sync: Tutti) -> None:
        self._syntheses = sync.syntheses

    async def newest(self, plan_id: str, *, wait: float = 0.0) -> Synthesis:
        return await asyncio.to_thread(self._syntheses.newest, plan_id, wait=wait)

    async def all(self, plan_id: str) -> list[Synthesis]:
        return await asyncio.to_thread(self._syntheses.all, plan_id)

    async def get(self, plan_id: str, version: int) -> Synthesis:
        return await asyncio.to_thread(self._syntheses.get, plan_id, version)

    async def create(
        self,
        plan_id: str,
        *,
        instructions: str | None = None,
        model: str | None = None,
        executor: Literal["model", "merge"] | None = None,
        idempotency_key: str | None = None,
    ) -> int:
        return await asyncio.to_thread(
            self._syntheses.create,
            plan_id,
            instructions=instructions,
            model=model,
            executor=executor,
            idempotency_key=idempotency_key,
        )

    async def wait(self, plan_id: str, version: int, *, timeout: float | None = None) -> Synthesis:
        return await asyncio.to_thread(self._syntheses.wait, plan_id, version, timeout=timeout)

    async def export(
        self,
        plan_id: str,
        format: Literal["markdown", "sarif", "patch"],
        *,
        version: int | None = None,
    ) -> str:
        return await asyncio.to_thread(self._syntheses.export, plan_id, format, version=version)


_END: Any = object()


async def _iterate(make: Callable[[], Iterator[Item]]) -> AsyncIterator[Item]:
    iterator = make()
    try:
        while (item := await asyncio.to_thread(next, iterator, _END)) is not _END:
            yield item
    finally:
        # One that still reads, because its task was cancelled, ends with what it waits for.
        with contextlib.suppress(ValueError):
            iterator.close()  # type: ignore[attr-defined]
