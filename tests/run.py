"""`make test`: every check there is, one after the other, ending with pytest's own closing line."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def ensure_chromium() -> None:
    """Install Chromium where we may; else say what to install."""
    if any(shutil.which(name) for name in CHROMIUM):
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    may = shutil.which("apt-get") and (os.geteuid() == 0 or shutil.which("sudo"))
    if may:
        print("Chromium을 설치합니다 (apt). / Installing Chromium (apt).", flush=True)
        _quietly(*prefix, "apt-get", "update", "-q")
        packages = ["chromium", "fonts-noto-cjk"]
        _quietly(*prefix, "apt-get", "install", "-y", "-q", *packages)
    if not any(shutil.which(name) for name in CHROMIUM):
        sys.exit(
            "Chromium이 없어 브라우저 시험을 할 수 없습니다. Debian/Ubuntu: sudo apt install chromium fonts-noto-cjk\n"
            "Chromium is missing. On Debian/Ubuntu: sudo apt install chromium fonts-noto-cjk"
        )


def _quietly(*command: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)


def step(title: str, *command: str) -> None:
    """Run one check; the first that fails ends the run."""
    began = time.monotonic()
    print(f"── {title}", flush=True)
    result = subprocess.run(command, cwd=ROOT, check=False)
    if result.returncode:
        sys.exit(result.returncode)
    print(f"   {time.monotonic() - began:.1f} s", flush=True)


def main() -> None:
    """All of it."""
    ensure_chromium()
    tool = {name: str(BIN / name) for name in ("ruff", "mypy", "lint-imports", "djlint")}
    step("ruff", tool["ruff"], "check", "--quiet", ".")
    step("ruff format", tool["ruff"], "format", "--check", "--quiet", ".")
    step("mypy --strict", tool["mypy"])
    step("import-linter", tool["lint-imports"], "--no-cache")
    step("djlint", tool["djlint"], "templates", "--lint", "--quiet")
    step("catalogue", sys.executable, "-m", "tests.catalogue", "check")
    workers = os.environ.get("CIVICVOTE_TEST_WORKERS", str(max(2, os.cpu_count() or 2)))
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-n", workers, "--dist", "worksteal", "-q"])  # noqa: S606 — our own interpreter


if __name__ == "__main__":
    main()
