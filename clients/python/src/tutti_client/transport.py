"""How requests reach the service."""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any

from .errors import TuttiError

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
#: A service that asks for more than this is not waited for: the caller decides.
LONGEST_RETRY_AFTER = 60.0

Query = Mapping[str, str | int | float | bool | None]


class Transport:
    """Sends requests, and repeats them where that is safe."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None,
        timeout: float,
        retries: int,
        headers: Mapping[str, str] | None,
    ) -> None:
        parts = urllib.parse.urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"base_url must be like http://host:port, not {base_url!r}")
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.retries = retries
        self._headers = {
            "accept": "application/json",
            **({} if api_key is None else {"authorization": f"Bearer {api_key}"}),
            **(headers or {}),
        }

    def json(self, method: str, path: str, **request: Any) -> Any:
        """The parsed answer; `None` where it has no body. Takes what `open` takes."""
        tries = 0
        while True:
            tries += 1
            response = self.open(method, path, first_try=tries, **request)
            try:
                with response:
                    text = response.read()
            except (HTTPException, OSError) as error:
                if tries <= self.retries and request.get("repeatable", True):
                    time.sleep(_backoff(tries))
                    continue
                message = f"the answer of {self.base_url} broke off: {error}"
                raise TuttiError("network-error", message, tries=tries) from error
            try:
                return json.loads(text) if text else None
            except ValueError as error:
                message = f"what answers at {self.base_url} does not speak JSON"
                raise TuttiError("bad-response", message, tries=tries) from error

    def open(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
        wait: float = 0.0,
        timeout: float | None = None,
        first_try: int = 1,
    ) -> HTTPResponse:
        """An answer whose body is still to come; the caller closes it.

        `wait` is how long the service was asked to wait with its answer, in seconds. `repeatable` is
        False for a call that does its work again when it is repeated.
        """
        url = self.base_url + path + _query_string(query)
        data = None if body is None else json.dumps(body).encode()
        sent = {**self._headers, **(headers or {})}
        if data is not None:
            sent["content-type"] = "application/json"
        tries = first_try
        while True:
            request = urllib.request.Request(url, data, sent, method=method)
            try:
                limit = (self.timeout if timeout is None else timeout) + wait
                answer: HTTPResponse = urllib.request.urlopen(request, timeout=limit)
                return answer
            except urllib.error.HTTPError as error:
                with error:
                    failure = _refusal(error, tries)
                may_repeat = _may_repeat(failure, repeatable)
            except (OSError, HTTPException) as error:
                failure, reached = self._unreached(error, tries)
                may_repeat = repeatable or not reached
            if not may_repeat or tries > self.retries:
                raise failure
            time.sleep(failure.retry_after if failure.retry_after is not None else _backoff(tries))
            tries += 1

    def _unreached(self, error: Exception, tries: int) -> tuple[TuttiError, bool]:
        """The error of a call without an answer, and whether it may have reached the service."""
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            message = f"no answer from {self.base_url} in time"
            return TuttiError("timeout", message, tries=tries), True
        failure = TuttiError("network-error", f"cannot reach {self.base_url}: {reason}", tries=tries)
        return failure, not isinstance(reason, ConnectionRefusedError)


def _may_repeat(failure: TuttiError, repeatable: bool) -> bool:
    if failure.retry_after is not None and failure.retry_after > LONGEST_RETRY_AFTER:
        return False
    # More patience frees no quota, unless the service says when.
    if failure.code == "quota-exceeded" and failure.retry_after is None:
        return False
    if failure.status == 429:
        return True
    if failure.status == 503:
        return repeatable or (failure.problem or {}).get("begun") is False
    return failure.status in (502, 504) and repeatable


def _refusal(error: urllib.error.HTTPError, tries: int) -> TuttiError:
    try:
        problem = json.loads(error.read())
    except (ValueError, OSError, HTTPException):
        problem = None
    if not isinstance(problem, dict):
        problem = None
    known = problem or {}
    return TuttiError(
        str(known.get("code", f"http-{error.code}")),
        str(known.get("detail") or known.get("title") or f"the service answered {error.code}"),
        status=error.code,
        problem=problem,
        retry_after=_seconds(error.headers.get("retry-after")),
        tries=tries,
    )


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None


def _query_string(query: Query | None) -> str:
    given = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in (query or {}).items()
        if value is not None
    }
    return "?" + urllib.parse.urlencode(given) if given else ""


def _backoff(tries: int) -> float:
    """Doubles with every try; half of it is random, so that many callers do not come back at once."""
    full = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
    return full / 2 + random.random() * full / 2
