"""Calls Tutti, which runs a plan of subagents in parallel over HTTP."""

from .async_client import AsyncTutti
from .client import Tutti
from .errors import TuttiError
from .events import Event
from .webhook import WebhookEvent, verify_webhook

__all__ = ["AsyncTutti", "Event", "Tutti", "TuttiError", "WebhookEvent", "verify_webhook"]
