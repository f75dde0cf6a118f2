"""What every message has in common."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Barcode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z][0-9A-Z-]{3,31}$")]
Seats = Annotated[int, Field(ge=1, le=1000)]
Stamp = AwareDatetime
Note = Annotated[str, StringConstraints(max_length=500)]


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
