"""`booth queue`: run the service, and what goes with it."""

import asyncio
import gc
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvicorn

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.vault import AesVault
from booth_queue.errors import BoothQueueError, ConfigurationError
from booth_queue.seed import Plan, Seeded, seed
from booth_queue.settings import Settings, load

app = typer.Typer(help="The queue service: booking, calling, tubes, results.", no_args_is_help=True)

Config = Annotated[
    Path | None, typer.Option("--config", help="YAML file with settings.", exists=True)
]
Database = Annotated[
    str | None,
    typer.Option(help="sqlite:///FILE or postgresql://USER@HOST:PORT/NAME."),
]


@app.command()
def serve(
    config: Config = None,
    database: Database = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; more than one needs PostgreSQL.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="critical, error, warning, info.")] = "warning",
) -> None:
    """Run the service until it is told to stop."""
    settings = _load(config, {"database": database, "host": host, "port": port, "workers": workers})
    _check_port(settings.host, settings.port)
    try:
        asyncio.run(_migrate(settings))
    except BoothQueueError as error:
        _stop(str(error))
    if settings.workers == 1:
        # Handed over as an object, so that nothing is read twice.
        from booth_queue.api import create_app  # noqa: PLC0415 - `--help` need not load it

        made = create_app(settings)
        # What is loaded stays: collecting garbage need not look through it, and screens not wait.
        gc.freeze()
        uvicorn.run(
            made,
            host=settings.host,
            port=settings.port,
            log_level=log_level,
            access_log=False,
            timeout_graceful_shutdown=3,
        )
        return
    _export(settings)
    uvicorn.run(
        "booth_queue.api.app:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        # A worker that is slow to say it lives is busy, not dead: killing it would lose answers.
        timeout_worker_healthcheck=60,
        log_level=log_level,
        access_log=False,
        timeout_graceful_shutdown=3,
    )


@app.command("seed")
def seed_command(
    credentials: Annotated[
        Path, typer.Option(help="JSON file to write the new credentials to (mode 600).")
    ],
    config: Config = None,
    database: Database = None,
    booths: Annotated[int, typer.Option(help="Booths at the site, 1 to 26.")] = 1,
    slots: Annotated[int, typer.Option(help="Slots of each booth.")] = 32,
    slot_minutes: Annotated[int, typer.Option(help="Length of a slot.")] = 15,
    capacity: Annotated[int, typer.Option(help="People a slot takes.")] = 30,
    pool_size: Annotated[int, typer.Option(help="Swabs in a tube: 1, 5, 10 or 20.")] = 1,
) -> None:
    """Create a demo site with booths, slots from now on, and an account for every role."""
    settings = _load(config, {"database": database})
    now = datetime.now(UTC)
    try:
        plan = Plan(
            starts_at=now.replace(second=0, microsecond=0),
            booths=booths,
            slots=slots,
            slot_s=60 * slot_minutes,
            capacity=capacity,
            pool_size=pool_size,
        )
        seeded = asyncio.run(_seed(settings, plan, now))
        seeded.write(credentials)
    except (BoothQueueError, ValueError) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{credentials}: cannot be written ({error.strerror}); choose another folder")
    typer.echo(f"site {seeded.site_id}: {booths} booths; credentials in {credentials}")


@app.command()
def migrate(config: Config = None, database: Database = None) -> None:
    """Bring the database to the newest schema."""
    settings = _load(config, {"database": database})
    try:
        asyncio.run(_migrate(settings))
    except BoothQueueError as error:
        _stop(str(error))


async def _migrate(settings: Settings) -> None:
    store = SqlStore(settings.database, pool=1)
    try:
        await store.migrate()
    finally:
        await store.close()


async def _seed(settings: Settings, plan: Plan, now: datetime) -> Seeded:
    store = SqlStore(settings.database, pool=1)
    try:
        await store.migrate()
        return await seed(store, AesVault(settings.master_key()), plan, now)
    finally:
        await store.close()


def _load(config: Path | None, overrides: dict[str, object]) -> Settings:
    try:
        return load(config, overrides=overrides)
    except ConfigurationError as error:
        _stop(str(error))


def _export(settings: Settings) -> None:
    # Worker processes build the application themselves, from the environment.
    import os  # noqa: PLC0415 - needed here alone

    from booth_queue.settings import PREFIX  # noqa: PLC0415 - the same

    os.environ[PREFIX + "MODE"] = settings.mode.value
    os.environ[PREFIX + "DATABASE"] = settings.database
    os.environ[PREFIX + "DATABASE_POOL"] = str(settings.database_pool)
    os.environ[PREFIX + "SECRET_KEY"] = settings.secret_key.get_secret_value()
    os.environ[PREFIX + "POLICY"] = str(dict(settings.policy))
    os.environ[PREFIX + "WECHAT_BASE_URL"] = settings.wechat_base_url
    if settings.wechat_app_id is not None and settings.wechat_secret is not None:
        os.environ[PREFIX + "WECHAT_APP_ID"] = settings.wechat_app_id
        os.environ[PREFIX + "WECHAT_SECRET"] = settings.wechat_secret.get_secret_value()
    if settings.wechat_call_template is not None:
        os.environ[PREFIX + "WECHAT_CALL_TEMPLATE"] = settings.wechat_call_template
    if settings.sms_url is not None and settings.sms_token is not None:
        os.environ[PREFIX + "SMS_URL"] = settings.sms_url
        os.environ[PREFIX + "SMS_TOKEN"] = settings.sms_token.get_secret_value()
        os.environ[PREFIX + "SMS_TEMPLATE"] = settings.sms_template or ""
    os.environ[PREFIX + "HOLIDAYS"] = str([day.isoformat() for day in settings.holidays])


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            _stop(f"port {port} on {host} cannot be used ({error.strerror}); choose another --port")


def _stop(message: str) -> NoReturn:
    typer.echo(f"booth queue: {' '.join(message.split())}", err=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    app()
