"""An environment for Quix Streams, which needs an older confluent-kafka than Tenor's; made once, under .cache."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).with_name("quix-requirements.txt")


def python() -> Path:
    """Its interpreter; built when it is missing or the requirements have changed."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = ROOT / ".cache" / f"quix-{digest}"
    made = folder / ".installed"
    if not made.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]
        subprocess.run([folder / "bin" / "python", *install], check=True)
        made.touch()
    return folder / "bin" / "python"
