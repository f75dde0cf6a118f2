"""What ran: versions and hashes that go into every record."""

import hashlib
import importlib.metadata
from pathlib import Path
from typing import Any

import rfc8785

from arm_control.procedure import Procedure
from station.config import BoothConfig
from station.errors import StationError
from station.record import Provenance

_PACKAGES = ("numpy", "numba", "onnxruntime", "pin", "pybullet", "ruckig")


def provenance(
    config: BoothConfig, procedure: Procedure, model: Path | None, *, simulated: bool
) -> Provenance:
    """Gather versions; ``model`` is the network's file, None where no network is used."""
    return Provenance(
        software=_version("swab-booth"),
        configuration=config.digest(),
        procedure=f"{procedure.name} {_digest_of(procedure)}",
        model="" if model is None else f"{model.name} {_digest_of_file(model)}",
        packages={name: _version(name) for name in _PACKAGES},
        simulated=simulated,
    )


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _digest_of(procedure: Procedure) -> str:
    document: dict[str, Any] = {
        "name": procedure.name,
        "sites": [
            [step.site, step.strokes, step.force, step.dwell, step.speed, step.required]
            for step in procedure.sites
        ],
        "reactions": {event.value: word.value for event, word in procedure.reactions.items()},
        "retries": procedure.retries,
        "minimum_opening": procedure.minimum_opening,
    }
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def _digest_of_file(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise StationError(f"cannot read the model {path}: {error.strerror}") from error
