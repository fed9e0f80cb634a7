"""Checks that a webhook comes from the service, as the Standard Webhooks specification says."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from .errors import TuttiError

TOLERANCE = 5 * 60


class WebhookData(TypedDict):
    planId: str
    #: The same for every delivery of one event, so that a second one is recognised.
    eventId: str
    taskId: NotRequired[str]
    version: NotRequired[int]


class WebhookEvent(TypedDict):
    """What happened to which plan; details are read from the API."""

    type: str
    timestamp: str
    data: WebhookData


def verify_webhook(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    now: float | None = None,
) -> WebhookEvent:
    """The event, once its signature is right and it is no more than five minutes old.

    `secret` is `whsec_…`, or several while one replaces another. `body` is what was received: one that
    was parsed and written again has another signature. Raises `TuttiError` with `invalid-webhook`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent_at = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"].split(" ")
        age = abs((time.time() if now is None else now) - int(sent_at))
    except (KeyError, ValueError) as error:
        raise TuttiError("invalid-webhook", "a header of the webhook is missing or wrong") from error
    if age > TOLERANCE:
        raise TuttiError("invalid-webhook", "the webhook is older than five minutes, or from the future")
    raw = body.encode() if isinstance(body, str) else body
    signed = f"{message_id}.{sent_at}.".encode() + raw
    for candidate in [secret] if isinstance(secret, str) else secret:
        expected = "v1," + base64.b64encode(_digest(candidate, signed)).decode()
        if any(hmac.compare_digest(expected, signature) for signature in signatures):
            event: WebhookEvent = json.loads(raw)
            return event
    raise TuttiError("invalid-webhook", "no signature of the webhook is right")


def _digest(secret: str, signed: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TuttiError("invalid-webhook", "the secret must be whsec_ and base64") from error
    return hmac.new(key, signed, hashlib.sha256).digest()
