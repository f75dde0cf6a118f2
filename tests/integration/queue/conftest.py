"""A fresh database of either kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from booth_queue.adapters.postgres_cluster import ClusterMissing, PostgresCluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresCluster]:
    try:
        with PostgresCluster() as running:
            yield running
    except ClusterMissing as missing:
        pytest.skip(str(missing))


_made = iter(range(100_000))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'queue.db'}"
    running: PostgresCluster = request.getfixturevalue("cluster")
    database = f"queue_{next(_made)}"
    running.execute(f"CREATE DATABASE {database}")
    return running.url(database)
