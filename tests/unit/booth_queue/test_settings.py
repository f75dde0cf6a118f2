"""Settings and commands: what is wrong is named, and nothing starts."""

import base64
import json
import socket
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from booth_queue.commands import app
from booth_queue.errors import ConfigurationError
from booth_queue.settings import DEMO_KEY, Mode, load

OWN = base64.b64encode(bytes(range(32))).decode()


def test_files_then_environment_then_command_line(tmp_path: Path) -> None:
    file, secret = tmp_path / "queue.yaml", tmp_path / "secret"
    file.write_text("port: 1001\nworkers: 1\npolicy: {recall_limit: 5}\nmode: production\n")
    secret.write_text(OWN + "\n")
    environ = {"BOOTH_QUEUE_PORT": "1002", "BOOTH_QUEUE_SECRET_KEY_FILE": str(secret), "HOME": "/"}
    settings = load(file, environ, {"host": "0.0.0.0", "port": None})  # noqa: S104 - only read
    assert (settings.port, settings.host) == (1002, "0.0.0.0")  # noqa: S104 - only compared
    assert settings.make_policy().recall_limit == 5
    assert settings.master_key() == bytes(range(32))
    assert settings.mode is Mode.PRODUCTION
    assert OWN not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"BOOTH_QUEUE_PROT": "80"}, "prot"),
        ({"BOOTH_QUEUE_PORT": "70000"}, "65535"),
        ({"BOOTH_QUEUE_POLICY": "{recall: 1}"}, "recall"),
        ({"BOOTH_QUEUE_POLICY": "{recall_limit: 0}"}, "at least 1"),
        ({"BOOTH_QUEUE_SECRET_KEY": "c2hvcnQ="}, "32"),
        ({"BOOTH_QUEUE_SECRET_KEY": "?"}, "base64"),
        ({"BOOTH_QUEUE_SECRET_KEY_FILE": "/no/such/file"}, "cannot be read"),
        ({"BOOTH_QUEUE_MODE": "production"}, "secret of its own"),
        ({"BOOTH_QUEUE_MODE": "production", "BOOTH_QUEUE_SECRET_KEY": DEMO_KEY}, "of its own"),
        ({"BOOTH_QUEUE_WORKERS": "2"}, "PostgreSQL"),
        ({"BOOTH_QUEUE_WECHAT_APP_ID": "wx"}, "both or none"),
    ],
)
def test_what_is_wrong_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load(None, environ)


def test_a_file_that_is_no_mapping_is_named(tmp_path: Path) -> None:
    file = tmp_path / "queue.yaml"
    file.write_text("- a\n- list\n")
    with pytest.raises(ConfigurationError, match=r"queue\.yaml"):
        load(file, {})


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stderr.strip()


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        database = f"sqlite:///{tmp_path / 'queue.db'}"
        code, told = run("serve", "--port", port, "--database", database)
    assert code == 1
    assert port in told
    assert "choose another --port" in told
    assert "\n" not in told


@pytest.mark.parametrize("database", ["sqlite:////no/such/folder/queue.db", "mysql://x/y", "?"])
def test_a_database_that_cannot_be_is_one_line(database: str) -> None:
    code, told = run("migrate", "--database", database)
    assert code == 1
    assert told
    assert "\n" not in told


def test_seeding_writes_secrets_for_their_owner_alone_and_once(tmp_path: Path) -> None:
    database, file = f"sqlite:///{tmp_path / 'queue.db'}", tmp_path / "credentials.json"
    arguments = ("seed", "--database", database, "--credentials", str(file), "--booths", "2")
    assert run(*arguments)[0] == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    seeded = json.loads(file.read_text())
    assert [one["booth_id"] for one in seeded["booths"]] == ["demo-a", "demo-b"]
    code, told = run(*arguments)
    assert (code, "exists" in told) == (1, True)
    assert json.loads(file.read_text()) == seeded
