"""What every message has in common."""

import json
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Barcode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z][0-9A-Z-]{3,31}$")]
Seats = Annotated[int, Field(ge=1, le=1000)]
Stamp = AwareDatetime
SignedCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.-]{1,1024}$")]


def _storable(record: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        text = json.dumps(record, allow_nan=False, ensure_ascii=False)
        text.encode()
    except ValueError as error:
        raise ValueError("NaN, infinities and lone surrogates are not JSON") from error
    if "\x00" in text or "\\u0000" in text:
        raise ValueError("NUL characters cannot be stored")
    return record


Record = Annotated[dict[str, JsonValue], AfterValidator(_storable)]
Note = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class Request(BaseModel):
    """A body sent to the service: a field nobody knows is a mistake, not a wish."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    """A body the service sends: an older client ignores fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Problem(Answer):
    """A refusal: what is wrong, and what the person can do about it."""

    code: str
    message: str
    message_en: str
    details: dict[str, str] = {}
