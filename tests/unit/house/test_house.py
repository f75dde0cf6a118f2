"""What holds for the whole tree: links lead somewhere, modules stay small, exports exist."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("spatial", "arm_control", "vision", "booth_queue", "sim", "station")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)]*)?\)")


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).exists()]


def test_every_link_in_the_documents_leads_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in tracked("*.md")
        for target, _ in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not dead


def test_no_module_is_longer_than_500_lines() -> None:
    long = {
        str(page.relative_to(ROOT)): lines
        for page in tracked("*.py")
        if "tests" not in page.parts
        and (lines := len(page.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long


@pytest.mark.parametrize("name", PACKAGES)
def test_what_a_package_exports_exists(name: str) -> None:
    package = importlib.import_module(name)
    assert not [
        public for public in getattr(package, "__all__", []) if not hasattr(package, public)
    ]


@pytest.mark.parametrize(
    ("package", "heavy"),
    [
        ("arm_control", ("pinocchio", "numba")),
        ("vision", ("onnxruntime", "pyrealsense2", "mediapipe")),
        ("sim", ("pybullet", "moderngl", "mujoco")),
        ("booth_queue", ("sqlalchemy", "fastapi")),
        ("station.cli", ("pybullet", "pinocchio", "sqlalchemy", "onnxruntime", "cv2")),
    ],
)
def test_importing_a_package_stays_light(package: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {package}; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_pinned_requirements_name_no_address() -> None:
    for page in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in page.read_text(encoding="utf-8"), page.name
