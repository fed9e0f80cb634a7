"""The client as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from .plans import Plans
from .syntheses import Syntheses
from .tasks import Tasks
from .transport import Transport
from .types import ExecutorList, Workers


class Tutti:
    """A client of the service. Every call raises `TuttiError`; times are seconds.

    Threads may share it. `base_url` is checked at once.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:3000",
        *,
        api_key: str | None = None,
        timeout: float = 30.0,
        retries: int = 8,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        transport = Transport(
            base_url, api_key=api_key, timeout=timeout, retries=retries, headers=headers
        )
        self._transport = transport
        self.plans = Plans(transport)
        self.tasks = Tasks(transport)
        self.syntheses = Syntheses(transport)

    def executors(self) -> ExecutorList:
        """What can run tasks, and which is the default."""
        answer: ExecutorList = self._transport.json("GET", "/v1/executors")
        return answer

    def workers(self) -> Workers:
        """Who runs tasks now, what waits, and which providers are held back. For keys of an operator."""
        answer: Workers = self._transport.json("GET", "/v1/workers")
        return answer
