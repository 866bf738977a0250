"""Fail when something that the core needs at run time has a licence that is not on the list.

Usage: ``python scripts/check_licences.py [PACKAGE]`` (``prosvet`` by default); prints each package with its licence.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

ALLOWED = {
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "HPND", "ISC", "MIT",
    "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib",
}  # fmt: skip

# How packages without an SPDX expression write the same licences, in classifiers or in the free field.
SPELLINGS = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def needed(root: str) -> dict[str, Distribution]:
    """`root` and everything that it needs here, without extras, by normalised name."""
    found: dict[str, Distribution] = {}
    waiting = [root]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found[name] = distribution(name)
        for line in found[name].requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def licences(package: Distribution) -> list[str]:
    """What `package` says of its licence: the SPDX expression, else its classifiers, else the free field."""
    fields = package.metadata
    expression = fields.get("License-Expression")
    if expression:
        return [expression]
    classifiers = [line.split(" :: ")[-1] for line in fields.get_all("Classifier") or [] if line.startswith("License")]
    written = classifiers or [(fields.get("License") or "").strip().split("\n")[0]]
    return [SPELLINGS.get(words, words) for words in written]


def acceptable(licence: str) -> bool:
    """Each part of an AND is on the list; of an OR, one is."""
    choices = re.split(r"\s+OR\s+", licence.strip("() "))
    return any(all(part.strip("() ") in ALLOWED for part in re.split(r"\s+AND\s+", choice)) for choice in choices)


def main(root: str = "prosvet") -> int:
    """Print a line a package; 1 when one may not be used."""
    try:
        packages = needed(root)
    except PackageNotFoundError as error:
        print(f"not installed: {error}", file=sys.stderr)
        return 1
    bad = 0
    for name, package in sorted(packages.items()):
        said = licences(package)
        good = all(acceptable(licence) for licence in said)
        bad += not good
        print(f"{'ok ' if good else 'NOT ALLOWED'} {name} {package.version}: {'; '.join(said) or 'nothing said'}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
