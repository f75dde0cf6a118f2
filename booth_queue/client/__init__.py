"""Clients of the service; with `booth_queue.contract` all that outside callers need."""

from booth_queue.client.booth import BoothClient
from booth_queue.client.citizen import CitizenClient
from booth_queue.client.offline import CodeRefused, OfflineBooth
from booth_queue.client.transport import Refused, Retry, Transport, Unreachable

__all__ = [
    "BoothClient",
    "CitizenClient",
    "CodeRefused",
    "OfflineBooth",
    "Refused",
    "Retry",
    "Transport",
    "Unreachable",
]
