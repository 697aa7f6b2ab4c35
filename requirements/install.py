"""Make the environment in .venv from the hash-pinned locks: `python3 requirements/install.py runtime|dev`.

Standard library only, since it runs before anything is installed. A stamp is written last, so a build that was cut short is
noticed and made anew; an environment that fits is left alone in a few milliseconds.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
KINDS = ("runtime", "dev")


def fail(*lines: str) -> None:
    """Say what is wrong and stop."""
    sys.stderr.write("\n".join(("", *lines, "")) + "\n")
    raise SystemExit(1)


def digest(kind: str) -> str:
    """What the stamp must say: lock, project file and Python's version."""
    parts = [
        (ROOT / "requirements" / f"{kind}.txt").read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        sys.version.encode(),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp(kind: str) -> Path:
    """Where the stamp of a finished environment lies."""
    return VENV / f".civicvote-{kind}"


def fits(kind: str) -> bool:
    """Whether the environment is finished and current; one for developers serves for running too."""
    kinds = KINDS[KINDS.index(kind) :]
    return any(stamp(k).is_file() and stamp(k).read_text() == digest(k) for k in kinds)


def run(*command: str) -> None:
    """Run a step; its own words tell what failed."""
    result = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 — our own commands
    if result.returncode:
        fail(
            f"설치하지 못했습니다 / Installation failed: {' '.join(command[:4])} …",
            "인터넷 연결과 남은 디스크를 확인하고 같은 명령을 다시 실행하십시오. 이어서 처음부터 다시 만듭니다.",
            "Check the network and free disk space, then run the same command again; it starts over by itself.",
        )


def make(kind: str) -> None:
    """Create the environment."""
    if sys.version_info < (3, 11):
        fail(
            f"Python 3.11 이상이 필요합니다. 지금은 {sys.version.split()[0]}입니다. 예: make demo PYTHON=python3.12",
            f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. For example: make demo PYTHON=python3.12",
        )
    if VENV.exists() and not any(stamp(k).is_file() for k in KINDS):
        print("만들다 만 환경(.venv)을 지우고 새로 만듭니다. / Removing a half-built environment (.venv).")
        shutil.rmtree(VENV)
    for k in KINDS:
        stamp(k).unlink(missing_ok=True)
    print("실행 환경을 만듭니다 (처음 한 번). / Creating the environment (once).", flush=True)
    try:
        import ensurepip  # noqa: F401 — Debian ships Python without it
    except ImportError:
        fail(
            "venv를 만들 수 없습니다. Debian/Ubuntu: sudo apt install python3-venv",
            "Python's venv is missing. On Debian/Ubuntu: sudo apt install python3-venv",
        )
    run(sys.executable, "-m", "venv", str(VENV))
    python = str(VENV / "bin" / "python")
    quiet = ("-q", "--disable-pip-version-check", "--no-input")
    # The lock is complete, so nothing has to be resolved.
    run(python, "-m", "pip", "install", *quiet, "--no-deps", "--require-hashes", "-r", f"requirements/{kind}.txt")
    run(python, "-m", "pip", "install", *quiet, "--no-deps", "--no-build-isolation", "--no-index", "-e", ".")
    run(python, "-m", "compileall", "-q", "civicvote")
    stamp(kind).write_text(digest(kind))


def main() -> None:
    """Entry."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "runtime"
    if kind not in KINDS:
        fail(f"usage: python3 requirements/install.py {'|'.join(KINDS)}")
    if not fits(kind):
        make(kind)


main()
