"""What the client sends, repeats, and makes of answers."""

from __future__ import annotations

import asyncio
import pathlib
import re
import unittest
from typing import Any
from unittest import mock

from scripted_service import ScriptedService, answer, cut, events
from tutti_client import AsyncTutti, Tutti, TuttiError

PLAN: Any = {"id": "p1", "status": "succeeded"}
RUNNING: Any = {"id": "p1", "status": "running"}
BODY: Any = {"tasks": [{"id": "a", "prompt": "A"}]}


def setUpModule() -> None:
    # What is waited for is the answer; the pauses between tries are not.
    for name in ("transport.FIRST_PAUSE", "events.PAUSE_BEFORE_RESUMING"):
        patch = mock.patch(f"tutti_client.{name}", 0.001)
        patch.start()
        unittest.addModuleCleanup(patch.stop)


class Submitting(unittest.TestCase):
    def test_sends_the_plan_with_a_key_and_an_api_key(self) -> None:
        with ScriptedService(answer(202, PLAN)) as service:
            plan = Tutti(service.url + "/", api_key="k").plans.submit(BODY, wait=20)
            self.assertEqual(plan["id"], "p1")
            (request,) = service.requests
            self.assertEqual((request.method, request.path, request.body), ("POST", "/v1/plans", BODY))
            self.assertEqual(request.headers["authorization"], "Bearer k")
            self.assertEqual(request.headers["prefer"], "wait=20")
            self.assertGreater(len(request.headers["idempotency-key"]), 20)

    def test_repeats_with_the_same_key_what_was_lost_or_turned_away(self) -> None:
        busy = answer(429, {"code": "rate-limited"}, retry_after="0")
        away = answer(503, {"code": "unavailable"})
        with ScriptedService(cut, busy, away, answer(202, PLAN)) as service:
            Tutti(service.url).plans.submit(BODY)
            keys = {request.headers["idempotency-key"] for request in service.requests}
            self.assertEqual((len(service.requests), len(keys)), (4, 1))

    def test_a_refusal_names_the_fields_and_is_not_repeated(self) -> None:
        problem = {
            "code": "invalid-request",
            "detail": "The request is not valid.",
            "errors": [{"pointer": "/tasks", "detail": "must not be empty"}],
        }
        with ScriptedService(answer(400, problem)) as service:
            with self.assertRaises(TuttiError) as caught:
                Tutti(service.url).plans.submit({"tasks": []})
            self.assertEqual((caught.exception.code, caught.exception.status), ("invalid-request", 400))
            self.assertEqual(caught.exception.errors, problem["errors"])
            self.assertEqual(len(service.requests), 1)


class Calling(unittest.TestCase):
    def test_does_not_repeat_a_retry_that_may_have_begun(self) -> None:
        with ScriptedService(answer(503, {"code": "unavailable"}), answer(200, PLAN)) as service:
            with self.assertRaises(TuttiError):
                Tutti(service.url).plans.retry("p1", status=["failed"])
            self.assertEqual(service.requests[0].body, {"status": ["failed"]})
        begun = answer(503, {"code": "unavailable", "begun": False})
        with ScriptedService(begun, answer(200, PLAN)) as service:
            Tutti(service.url).plans.retry("p1")
            self.assertEqual(len(service.requests), 2)

    def test_waits_in_several_calls_and_says_when_the_time_is_up(self) -> None:
        with ScriptedService(answer(200, RUNNING), answer(200, PLAN)) as service:
            self.assertEqual(Tutti(service.url).plans.wait("p1")["status"], "succeeded")
        with ScriptedService(answer(200, RUNNING)) as service:
            with self.assertRaises(TuttiError) as caught:
                Tutti(service.url).plans.wait("p1", timeout=0)
            self.assertEqual(caught.exception.code, "timeout")

    def test_lists_all_pages_with_the_filters(self) -> None:
        first = {"items": [{"id": "a"}], "nextCursor": "c 1"}
        second = {"items": [{"id": "b"}], "nextCursor": None}
        with ScriptedService(answer(200, first), answer(200, second)) as service:
            found = Tutti(service.url).plans.list(search="auth review", min_cost_usd=0.5)
            self.assertEqual([plan["id"] for plan in found], ["a", "b"])
            self.assertEqual(service.requests[0].path, "/v1/plans?search=auth+review&minCostUsd=0.5")
            self.assertIn("cursor=c+1", service.requests[1].path)

    def test_says_in_its_code_that_nobody_answers_or_somebody_else(self) -> None:
        with ScriptedService() as service:
            url = service.url
        with self.assertRaises(TuttiError) as caught:
            Tutti(url, retries=1).plans.get("p1")
        self.assertEqual((caught.exception.code, caught.exception.tries), ("network-error", 2))
        with ScriptedService(answer(200, text="<html>")) as service, self.assertRaises(TuttiError) as caught:
            Tutti(service.url).plans.get("p1")
        self.assertEqual(caught.exception.code, "bad-response")

    def test_checks_its_address_when_it_is_made(self) -> None:
        for address in ("127.0.0.1:3000", "ftp://host", ""):
            with self.assertRaises(ValueError):
                Tutti(address)

    def test_escapes_ids(self) -> None:
        with ScriptedService(answer(200, {})) as service:
            Tutti(service.url).tasks.get("p/1", "a b")
            self.assertEqual(service.requests[0].path, "/v1/plans/p%2F1/tasks/a%20b")


class Documentation(unittest.TestCase):
    def test_its_examples_are_python(self) -> None:
        text = (pathlib.Path(__file__).parents[1] / "README.md").read_text()
        examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        self.assertGreater(len(examples), 2)
        for example in examples:
            compile(example, "README.md", "exec")


class Events(unittest.TestCase):
    SNAPSHOT = ("1-0", "snapshot", {"plan": RUNNING, "tasks": []})
    STARTED = ("2-0", "task.started", {"taskId": "a"})
    FINISHED = ("3-0", "plan.finished", {"status": "succeeded"})

    def test_goes_on_after_the_last_event_of_a_broken_connection(self) -> None:
        again = events(self.STARTED, self.FINISHED)
        answers = (events(self.SNAPSHOT, self.STARTED), cut, events(), answer(200, RUNNING), again)
        with ScriptedService(*answers) as service:
            found = [event["type"] for event in Tutti(service.url).plans.events("p1")]
            self.assertEqual(found, ["snapshot", "task.started", "plan.finished"])
            self.assertEqual(service.requests[-1].headers["last-event-id"], "2-0")

    def test_ends_where_there_is_nothing_more_to_come(self) -> None:
        with ScriptedService(answer(204)) as service:
            self.assertEqual(list(Tutti(service.url).plans.events("p1", last_event_id="3-0")), [])
        done = ("1-0", "snapshot", {"plan": PLAN, "tasks": []})
        with ScriptedService(events(done)) as service:
            self.assertEqual(len(list(Tutti(service.url).plans.events("p1"))), 1)

    def test_is_an_async_iteration_too(self) -> None:
        async def types(url: str) -> list[str]:
            return [event["type"] async for event in AsyncTutti(url).plans.events("p1")]

        with ScriptedService(events(self.SNAPSHOT, self.FINISHED)) as service:
            self.assertEqual(asyncio.run(types(service.url)), ["snapshot", "plan.finished"])


if __name__ == "__main__":
    unittest.main()
