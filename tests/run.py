"""`make test`: every check there is, ending with pytest's own closing line."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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


def _check(command: Sequence[str]) -> tuple[int, bytes, float]:
    """Exit status, what was said, seconds."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout, time.monotonic() - began


def checks(*steps: tuple[str, ...]) -> None:
    """Run checks (title, command…) two at a time, the slow one beside the others; the first that fails ends the run."""
    with ThreadPoolExecutor(2) as two:
        found = two.map(_check, [command for _title, *command in steps])
        for (title, *_command), (status, said, seconds) in zip(steps, found, strict=True):
            print(f"── {title}", flush=True)
            sys.stdout.buffer.write(said)
            sys.stdout.flush()
            if status:
                two.shutdown(cancel_futures=True)
                sys.exit(status)
            print(f"   {seconds:.1f} s", flush=True)


def main() -> None:
    """All of it."""
    ensure_chromium()
    tool = {name: str(BIN / name) for name in ("ruff", "mypy", "lint-imports", "djlint")}
    checks(
        ("ruff", tool["ruff"], "check", "--quiet", "."),
        ("ruff format", tool["ruff"], "format", "--check", "--quiet", "."),
        ("mypy --strict", tool["mypy"]),
        ("import-linter", tool["lint-imports"], "--no-cache"),
        ("djlint", tool["djlint"], "templates", "--lint", "--quiet"),
        ("catalogue", sys.executable, "-m", "tests.catalogue", "check"),
    )
    # One more than processors: some wait for a disk, a database or a browser.
    workers = os.environ.get("CIVICVOTE_TEST_WORKERS", str((os.cpu_count() or 1) + 1))
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-n", workers, "--dist", "worksteal", "-q"])  # noqa: S606 — our own interpreter


if __name__ == "__main__":
    main()
