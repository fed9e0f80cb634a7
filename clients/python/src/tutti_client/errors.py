"""What a call that fails raises."""

from __future__ import annotations

from typing import Any


class TuttiError(Exception):
    """A failed call.

    `code` is one of the service's (`plan-not-found`, `overlapping-tasks` …), or one of the client's:
    `network-error` (nothing answered), `timeout`, `bad-response` (something else than the service
    answered), `invalid-webhook`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        problem: dict[str, Any] | None = None,
        retry_after: float | None = None,
        tries: int = 1,
    ) -> None:
        super().__init__(message)
        self.code = code
        #: The HTTP status; `None` if there was no answer.
        self.status = status
        #: The whole problem document (RFC 9457).
        self.problem = problem
        #: What is wrong with the request, field by field: `pointer` and `detail`.
        self.errors: list[dict[str, str]] = list((problem or {}).get("errors", []))
        #: Seconds that the service asked to wait before the same call.
        self.retry_after = retry_after
        #: How often the call was made, including this time.
        self.tries = tries
