"""One visit with the simulated booth behind the service: citizen, staff, laboratory at screens."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from station.record import Outcome
from station.store import read_folder

from .conftest import SHOTS, Seat
from .service import ROOT, Service, id_number
from .test_citizen import register
from .test_laboratory import pack, scan

# About 110 s of one core go into the physics and the pictures of one session.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]
PATIENCE_MS = 400_000  # a simulated session takes a minute, on a busy machine several
TUBE = "DEMO-A-000001"


@contextmanager
def standing(service: Service, folder: Path) -> Iterator[Path]:
    """Let `booth run` stand at booth A; yields the folder of its records."""
    folder.mkdir()
    login = service.booths[0]
    secret = folder / "secret"
    secret.touch(0o600)
    secret.write_text(login.secret, "utf-8")
    records = folder / "records"
    config = folder / "booth.yaml"
    settings = {
        "booth": login.booth_id,
        "records": {"folder": str(records)},
        "queue": {"url": service.url, "secret_file": str(secret)},
    }
    config.write_text(yaml.safe_dump(settings), "utf-8")
    words = ["run", "--config", str(config), "--seed", "1"]
    command = [sys.executable, "-c", "from station.cli import main; main()", *words]
    with (folder / "booth.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
    try:
        yield records
        process.terminate()
        assert process.wait(120) == 0, (folder / "booth.log").read_text("utf-8")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def test_from_booking_to_result_with_the_simulated_booth(
    seat: Seat, service: Service, tmp_path: Path
) -> None:
    console = seat().staff("staff", "/console/booth#booth=demo-a")
    with standing(service, tmp_path / "booth") as records:
        # The booth lives: its heartbeats end what the console says of its silence.
        expect(console.locator("#booth")).not_to_contain_text("失去信号", timeout=PATIENCE_MS)

        page = seat(phone=True).citizen("13800000051")
        register(page, service, "李小明", id_number(51))
        page.goto(f"{service.url}/citizen/booths")
        page.locator("article", has_text="· A").locator("[data-do=times]").first.click()
        page.locator("#times .chip").nth(1).click()
        page.click("#pick button[type=submit]")
        page.wait_for_url("**/citizen")
        page.get_by_role("link", name="出示二维码").click()
        page.get_by_role("button", name="我已到场").click()
        page.click("#ask button[value=yes]")

        # Staff see who is inside, the camera's picture and the force.
        picture = console.locator("#picture")
        expect(picture).to_be_visible(timeout=PATIENCE_MS)
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        expect(console.locator("#booth")).to_contain_text("左扁桃体", timeout=PATIENCE_MS)
        expect(console.locator("#booth polyline").first).to_have_attribute(
            "points", re.compile(r"\d,\d"), timeout=PATIENCE_MS
        )
        SHOTS.mkdir(parents=True, exist_ok=True)
        console.screenshot(path=SHOTS / "console-visit-zh.png")
        expect(page.locator("#visit")).to_contain_text("采样完成", timeout=PATIENCE_MS)

        pack(seat().staff("staff", "/console/scan#booth=demo-a"), "BOX-1", TUBE)
        lab = seat().staff("lab", "/lab")
        expect(lab.locator("#text")).to_be_focused()
        for text in ("BOX-1", TUBE, "BOX-1"):
            scan(lab, text)
        expect(lab.locator(".verdict")).to_contain_text("相符")
        lab.get_by_role("link", name="报告结果").click()
        expect(lab.locator("#barcode")).to_be_focused()
        scan(lab, TUBE)
        lab.get_by_label("阴性").check()
        lab.click("#report button[type=submit]")
        expect(lab.locator("tbody tr")).to_contain_text("阴性")

        page.get_by_role("link", name="结果").last.click()
        expect(page.locator("#results")).to_contain_text("阴性")
    [signed] = read_folder(records)
    assert signed.record["outcome"] == Outcome.SAMPLED
