#!/usr/bin/env python3
"""Submits a plan and prints its tasks as they end, then the synthesis. Needs only Python 3.9.

    python3 examples/python/submit.py examples/echo-rehearsal.json

TUTTI_URL and TUTTI_API_KEY say where the service is and as whom to call it.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("TUTTI_URL", "http://127.0.0.1:3000").rstrip("/")
ENDED = {"succeeded", "partial", "failed", "cancelled"}


def request(method, path, body=None, headers=None):
    """Opens a call; the caller reads and closes it."""
    headers = {"Content-Type": "application/json", **(headers or {})}
    if "TUTTI_API_KEY" in os.environ:
        headers["Authorization"] = "Bearer " + os.environ["TUTTI_API_KEY"]
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.urlopen(
        urllib.request.Request(URL + path, data, headers, method=method), timeout=90
    )


def call(method, path, body=None, headers=None):
    """One call that may be repeated: the service says when with 503 or 429."""
    for pause in (1, 2, 4, 8, None):
        try:
            with request(method, path, body, headers) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or pause is None:
                sys.exit(f"{error.code}: {error.read().decode()}")
            time.sleep(float(error.headers.get("Retry-After") or pause))
        except OSError as error:
            if pause is None:
                sys.exit(f"{URL} cannot be reached: {error}")
            time.sleep(pause)


def events(plan_id):
    """The changes of a plan, from server-sent events; goes on where a lost connection ended."""
    last_id = None
    while True:
        headers = {"Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        try:
            with request("GET", f"/v1/plans/{plan_id}/events", headers=headers) as stream:
                event = {}
                for raw in stream:
                    line = raw.decode().rstrip("\r\n")
                    if line == "":
                        if "data" in event:
                            last_id = event.get("id", last_id)
                            kind = event.get("event", "message")
                            yield kind, json.loads(event["data"])
                            if kind == "plan.finished":
                                return
                        event = {}
                    elif not line.startswith(":"):
                        name, _, value = line.partition(":")
                        value = value.removeprefix(" ")
                        event[name] = f"{event[name]}\n{value}" if name in event else value
        except OSError:
            time.sleep(1)
        if call("GET", f"/v1/plans/{plan_id}")["status"] in ENDED:
            return


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    # With a key of its own the submission can be repeated without making a second plan.
    plan = call("POST", "/v1/plans", plan, {"Idempotency-Key": str(uuid.uuid4())})
    print(f"{plan['id']}: {plan['title']}")

    for kind, change in events(plan["id"]):
        if kind == "task.finished":
            print(f"  {change['status']:<10} {change['taskId']}")

    plan = call("GET", f"/v1/plans/{plan['id']}?wait=30")
    print(f"plan {plan['status']}")
    if plan["synthesis"]["version"] > 0:
        print("\n" + call("GET", f"/v1/plans/{plan['id']}/synthesis")["summary"])
    sys.exit(0 if plan["status"] == "succeeded" else 1)


if __name__ == "__main__":
    main()
