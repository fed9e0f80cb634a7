"""The calls against a service; skipped unless `TUTTI_URL` names one."""

from __future__ import annotations

import asyncio
import os
import unittest
from typing import Any

from tutti_client import AsyncTutti, Tutti, TuttiError

URL = os.environ.get("TUTTI_URL", "")
PLAN: Any = {
    "title": "From Python",
    "tasks": [
        {"id": "a", "prompt": "Say a.", "executor": "echo"},
        {"id": "b", "prompt": "Say b.", "executor": "echo"},
    ],
}


@unittest.skipIf(URL == "", "TUTTI_URL names no service")
class Service(unittest.TestCase):
    def test_a_plan_is_submitted_followed_and_read(self) -> None:
        tutti = Tutti(URL)
        self.assertEqual(len(tutti.plans.dry_run(PLAN)["tasks"]), 2)
        plan = tutti.plans.submit(PLAN)
        kinds = [event["type"] for event in tutti.plans.events(plan["id"])]
        self.assertEqual(kinds[0], "snapshot")
        self.assertEqual(tutti.plans.wait(plan["id"], timeout=60)["status"], "succeeded")
        output = tutti.tasks.output(plan["id"], "a")
        self.assertEqual(output["retrievalStatus"], "success")
        self.assertEqual([task["id"] for task in tutti.tasks.list(plan["id"], page_size=1)], ["a", "b"])
        self.assertEqual({task["id"] for task in tutti.tasks.outputs(plan["id"])}, {"a", "b"})
        self.assertGreater(tutti.syntheses.newest(plan["id"], wait=30)["version"], 0)
        self.assertGreater(tutti.plans.report(plan["id"])["wallMs"], -1)
        self.assertIn(plan["id"], [each["id"] for each in tutti.plans.list()])
        tutti.plans.delete(plan["id"])
        with self.assertRaises(TuttiError) as caught:
            tutti.plans.get(plan["id"])
        self.assertEqual(caught.exception.code, "plan-not-found")

    def test_two_plans_run_side_by_side_in_async_code(self) -> None:
        async def run() -> list[str]:
            tutti = AsyncTutti(URL)
            plans = await asyncio.gather(tutti.plans.submit(PLAN), tutti.plans.submit(PLAN))
            ended = await asyncio.gather(*(tutti.plans.wait(plan["id"]) for plan in plans))
            return [plan["status"] for plan in ended]

        self.assertEqual(asyncio.run(run()), ["succeeded", "succeeded"])


if __name__ == "__main__":
    unittest.main()
