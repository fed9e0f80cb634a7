"""Whom a webhook is believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unittest

from tutti_client import TuttiError, verify_webhook

KEY = b"a key of thirty-two bytes, or so"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(b"another").decode()
BODY = b'{"type":"plan.finished","timestamp":"2026-01-31T08:00:00Z","data":{"planId":"p1","eventId":"e"}}'
SENT_AT = 1_700_000_000


def headers(body: bytes = BODY) -> dict[str, str]:
    signed = f"msg_1.{SENT_AT}.".encode() + body
    signature = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(SENT_AT),
        "Webhook-Signature": f"v1,wrong v1,{signature}",
    }


class Verifying(unittest.TestCase):
    def test_believes_what_is_signed_with_one_of_the_secrets(self) -> None:
        event = verify_webhook([OTHER, SECRET], headers(), BODY, now=SENT_AT + 200)
        self.assertEqual((event["type"], event["data"]["planId"]), ("plan.finished", "p1"))
        self.assertEqual(verify_webhook(SECRET, headers(), BODY.decode(), now=SENT_AT)["type"], "plan.finished")

    def test_believes_nothing_else(self) -> None:
        cases = [
            (SECRET, headers(), BODY + b" ", SENT_AT),
            (OTHER, headers(), BODY, SENT_AT),
            (SECRET, headers(), BODY, SENT_AT + 301),
            (SECRET, headers(), BODY, SENT_AT - 301),
            (SECRET, {}, BODY, SENT_AT),
            ("whsec_no base64!", headers(), BODY, SENT_AT),
        ]
        for secret, given, body, now in cases:
            with self.subTest(secret=secret, now=now), self.assertRaises(TuttiError) as caught:
                verify_webhook(secret, given, body, now=now)
            self.assertEqual(caught.exception.code, "invalid-webhook")


if __name__ == "__main__":
    unittest.main()
