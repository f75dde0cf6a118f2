"""`booth record`: verify and read signed sampling records."""

from pathlib import Path
from typing import Annotated, Any

import typer

from station.errors import StationError
from station.signing import PublicKey, verify_chain
from station.store import read_folder, read_record

app = typer.Typer(
    help="Records: verify signatures and chain, show one.",
    no_args_is_help=True,
    add_completion=False,
)

_Where = Annotated[Path, typer.Argument(help="a record, or a folder of them", show_default=False)]
_Key = Annotated[
    Path | None,
    typer.Option(help="the booth's public key; default: the .pub beside the records' folder"),
]


@app.command()
def verify(where: _Where, key: _Key = None) -> None:
    """Check that records are unchanged, complete and signed by the booth.

    A single file is checked for its content and signature; a folder also for the chain: that no
    record is missing, added or out of order.
    """
    public = _public_key(where, key)
    if where.is_dir():
        count = verify_chain(read_folder(where), public)
        print(f"{count} records are complete, in order and signed by key {public.fingerprint[:12]}")
    else:
        signed = read_record(where)
        public.verify(signed)
        print(f"record {signed.sequence} is unchanged and signed by key {public.fingerprint[:12]}")


@app.command()
def show(where: Annotated[Path, typer.Argument(help="a record's file")]) -> None:
    """Print what a record says, for people."""
    signed = read_record(where)
    record: Any = signed.record
    print(f"record {signed.sequence} of booth {record['booth']}, ticket {record['ticket']}")
    reason = f" ({record['reason']})" if record["reason"] else ""
    print(
        f"{record['outcome']}{reason}, {record['duration_s']:.1f} s, tube {record['tube'] or '-'}"
    )
    for site in record["sites"]:
        force = site["force"]
        print(
            f"  {site['site']:<16} {site['strokes']} strokes, {site['contact_s']:.1f} s contact, "
            f"mean {force['mean']:.2f} N, peak {force['peak']:.2f} N, "
            f"coverage {site['coverage']:.0%}" + (f", {site['skipped']}" if site["skipped"] else "")
        )
    for entry in record["trail"]:
        what = f"{entry['event']}: {entry['detail']}"
        print(f"  {entry['time_s']:7.2f} s  {entry['state']:<12} {what}")


def _public_key(where: Path, key: Path | None) -> PublicKey:
    if key is not None:
        return PublicKey.load(key)
    folder = where if where.is_dir() else where.parent
    found = sorted([*folder.glob("*.pub"), *folder.parent.glob("*.pub")])
    if len(found) != 1:
        raise StationError(
            f"{len(found)} public keys (*.pub) lie in or beside {folder}; name one with --key"
        )
    return PublicKey.load(found[0])
