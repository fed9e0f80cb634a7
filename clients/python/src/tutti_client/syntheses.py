"""The syntheses of a plan."""

from __future__ import annotations

import time
import uuid
from typing import Literal

from .errors import TuttiError
from .paths import LONGEST_WAIT, plan_path
from .transport import Transport
from .types import Synthesis

POLL_EVERY = 0.5


class Syntheses:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def newest(self, plan_id: str, *, wait: float = 0.0) -> Synthesis:
        """The newest version. Raises `synthesis-not-ready` if there is none in time."""
        deadline = time.monotonic() + wait
        while True:
            left = min(max(0.0, deadline - time.monotonic()), LONGEST_WAIT)
            try:
                answer: Synthesis = self._transport.json(
                    "GET",
                    f"{plan_path(plan_id)}/synthesis",
                    query={"wait": round(left) or None},
                    wait=left,
                )
                return answer
            except TuttiError as error:
                if error.code != "synthesis-not-ready" or time.monotonic() >= deadline:
                    raise

    def all(self, plan_id: str) -> list[Synthesis]:
        """All versions, oldest first."""
        answer = self._transport.json("GET", f"{plan_path(plan_id)}/syntheses")
        items: list[Synthesis] = answer["items"]
        return items

    def get(self, plan_id: str, version: int) -> Synthesis:
        answer: Synthesis = self._transport.json(
            "GET", f"{plan_path(plan_id)}/syntheses/{version}"
        )
        return answer

    def create(
        self,
        plan_id: str,
        *,
        instructions: str | None = None,
        model: str | None = None,
        executor: Literal["model", "merge"] | None = None,
        idempotency_key: str | None = None,
    ) -> int:
        """Requests another version without running tasks. Returns its number before it exists."""
        asked = {"instructions": instructions, "model": model, "executor": executor}
        answer = self._transport.json(
            "POST",
            f"{plan_path(plan_id)}/syntheses",
            headers={"idempotency-key": idempotency_key or str(uuid.uuid4())},
            body={name: value for name, value in asked.items() if value is not None},
        )
        version: int = answer["version"]
        return version

    def wait(self, plan_id: str, version: int, *, timeout: float | None = None) -> Synthesis:
        """A requested version, once it exists. Raises `TuttiError` with `timeout`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return self.get(plan_id, version)
            except TuttiError as error:
                if error.code != "synthesis-not-found":
                    raise
            if deadline is not None and time.monotonic() >= deadline:
                raise TuttiError("timeout", f"version {version} is not there after {timeout} s")
            time.sleep(POLL_EVERY)

    def export(
        self,
        plan_id: str,
        format: Literal["markdown", "sarif", "patch"],
        *,
        version: int | None = None,
    ) -> str:
        """A version as text: for people, for code scanning, or as a patch."""
        part = "synthesis" if version is None else f"syntheses/{version}"
        path = f"{plan_path(plan_id)}/{part}"
        with self._transport.open(
            "GET", path, query={"format": format}, headers={"accept": "*/*"}
        ) as response:
            return response.read().decode()
