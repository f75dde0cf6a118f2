"""The service over HTTP."""

from booth_queue.api.app import create_app

__all__ = ["create_app"]
