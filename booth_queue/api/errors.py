"""Refusals as answers: a stable code, a status, and a sentence in both languages."""

from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from booth_queue.contract import Problem
from booth_queue.domain.refusals import Busy, Unavailable
from booth_queue.errors import Refusal
from booth_queue.service.ports import Duplicate, StoreUnavailable
from booth_queue.texts import tell

# What any route may answer besides its own; 422 is for malformed payloads and documented already.
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": meaning}
    for status, meaning in (
        (400, "Understood, but something in it is wrong"),
        (401, "Not signed in, or the token has run out"),
        (403, "This role may not do it"),
        (404, "No such thing, or not one the caller may know of"),
        (409, "Refused in the present state"),
        (429, "A limit against hoarding was reached"),
        (503, "The database does not answer; repeat with the same key"),
    )
}


def problem_of(refusal: Refusal) -> Problem:
    """Return what the caller is told."""
    details = {name: str(value) for name, value in refusal.details.items()}
    return Problem(
        code=refusal.code,
        message=tell("zh", f"refusal.{refusal.code}", details),
        message_en=tell("en", f"refusal.{refusal.code}", details),
        details=details,
    )


def install(app: FastAPI) -> None:
    """Make the application answer refusals."""

    async def refused(_: Request, error: Exception) -> Response:
        if isinstance(error, StoreUnavailable):
            error = Unavailable()
        elif not isinstance(error, Refusal):
            # Two requests raced for the same row; the loser may simply ask again.
            error = Busy()
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return JSONResponse(problem_of(error).model_dump(), error.status, headers)

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(Duplicate, refused)
    app.add_exception_handler(StoreUnavailable, refused)
