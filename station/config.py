"""One booth's configuration: typed, bounded, described, declared here once."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import rfc8785
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from station.errors import StationError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SessionSettings(_Section):
    """How the sampling session waits, insists and gives up. Times in seconds, lengths in metres."""

    procedure: Annotated[
        str, Field(min_length=1, description="name of a shipped procedure, or a path to one")
    ] = "oropharyngeal_adult"
    sit_timeout_s: Annotated[
        float, Field(ge=5.0, le=600.0, description="how long a called person is waited for")
    ] = 120.0
    picture_rate_hz: Annotated[
        float, Field(ge=2.0, le=60.0, description="pictures understood per second")
    ] = 10.0
    picture_rate_inside_hz: Annotated[
        float, Field(ge=2.0, le=60.0, description="the same while the swab is in the mouth")
    ] = 5.0
    picture_age_limit_s: Annotated[
        float, Field(ge=0.05, le=1.0, description="an older sighting moves nothing")
    ] = 0.35
    mouth_lost_s: Annotated[
        float, Field(ge=0.1, le=1.0, description="time without a mouth at which the swab comes out")
    ] = 0.45
    hold_s: Annotated[
        float,
        Field(ge=0.0, le=60.0, description="time inside on the last sure mouth"),
    ] = 40.0
    stray: Annotated[
        float,
        Field(ge=0.004, le=0.03, description="displacement that counts as a moved head"),
    ] = 0.025
    closed_pictures: Annotated[
        int, Field(ge=1, le=10, description="pictures of a closing mouth at which it comes out")
    ] = 3
    camera_timeout_s: Annotated[
        float, Field(ge=0.2, le=5.0, description="silence of the camera that ends the session")
    ] = 1.0
    sightings: Annotated[
        int, Field(ge=3, le=60, description="agreeing sightings of a site before it is approached")
    ] = 5
    agreement: Annotated[
        float, Field(ge=0.001, le=0.02, description="spread those sightings may have")
    ] = 0.010
    patience_s: Annotated[
        float, Field(ge=2.0, le=60.0, description="how long a site is looked for in one try")
    ] = 8.0
    cue_after_s: Annotated[
        float, Field(ge=0.5, le=30.0, description="how long a refusal stands before it is said")
    ] = 1.5
    tries: Annotated[
        int, Field(ge=1, le=5, description="how often a session may go back to locating")
    ] = 3
    standoff: Annotated[
        float, Field(ge=0.003, le=0.03, description="distance before a site where entering ends")
    ] = 0.010
    mouth_open: Annotated[
        float, Field(ge=0.02, le=0.06, description="least opening at which a swab may be inside")
    ] = 0.022
    head_speed: Annotated[
        float, Field(ge=0.01, le=0.2, description="head speed at which the swab comes out, m/s")
    ] = 0.06
    gag_speed: Annotated[
        float, Field(ge=0.05, le=1.0, description="head speed that counts as gagging, m/s")
    ] = 0.15


class RecordSettings(_Section):
    """Where records and traces lie."""

    folder: Annotated[
        str, Field(min_length=1, description="folder of signed records, traces and pictures")
    ] = "out/records"
    room_mib: Annotated[
        int, Field(ge=1, le=1_000_000, description="free space without which nobody is called")
    ] = 64

    @property
    def room_bytes(self) -> int:
        """``room_mib`` in bytes."""
        return self.room_mib * 2**20


class QueueSettings(_Section):
    """Where the queue service is, and who this booth is to it."""

    url: Annotated[str, Field(pattern=r"^https?://", description="the service's address")] = (
        "http://127.0.0.1:8000"
    )
    secret_file: Annotated[
        str, Field(description="file with the device's secret, readable by its owner alone")
    ] = ""


class BoothConfig(_Section):
    """One booth."""

    booth: Annotated[
        str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="the booth's name")
    ] = "demo-1"
    session: SessionSettings = SessionSettings()
    records: RecordSettings = RecordSettings()
    queue: QueueSettings = QueueSettings()

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of all values: the version that goes into the record."""
        return hashlib.sha256(rfc8785.dumps(self.model_dump(mode="json"))).hexdigest()


def load_config(path: Path) -> BoothConfig:
    """Read a booth's YAML file; keys left out take their defaults.

    Raises StationError naming file, key and bound for an unreadable file, an unknown key or a
    value out of bounds.
    """
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StationError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StationError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    try:
        return BoothConfig.model_validate({} if document is None else document)
    except ValidationError as error:
        problems = "; ".join(_problem(entry) for entry in error.errors())
        raise StationError(f"{path}: {problems}") from error


def _problem(entry: ErrorDetails) -> str:
    key = ".".join(str(part) for part in entry["loc"]) or "the document"
    if entry["type"] == "extra_forbidden":
        return f"{key}: unknown key; remove it or correct its spelling"
    return f"{key} = {entry['input']!r}: {entry['msg'][0].lower()}{entry['msg'][1:]}"
