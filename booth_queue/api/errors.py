"""Refusals as answers: a stable code, a status, and a sentence in both languages."""

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from booth_queue.contract import Problem
from booth_queue.domain.refusals import Busy, Unavailable
from booth_queue.errors import Refusal
from booth_queue.service.ports import Duplicate, StoreUnavailable
from booth_queue.texts import tell


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
