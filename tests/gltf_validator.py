"""Khronos' glTF validator, from npm: what it says of files."""

import json
import os
import shutil
import subprocess

import pytest

SCRIPT = (
    "require('gltf-validator').validateBytes(new Uint8Array(require('fs').readFileSync(0)))"
    ".then(r=>console.log(JSON.stringify(r)))"
)


def validator_folder(cache):
    """A folder with the validator, kept in pytest's cache; the test is skipped where npm has none.

    cache: `request.config.cache`. GLTF_VALIDATOR_DIR: another folder, with `node_modules/gltf-validator`.
    """
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm and node are not installed")
    for folder in (os.environ.get("GLTF_VALIDATOR_DIR", ""), str(cache.mkdir("gltf-validator"))):
        if os.path.isfile(os.path.join(folder, "node_modules", "gltf-validator", "package.json")):
            return folder
    command = ["npm", "install", "--silent", "gltf-validator"]
    if subprocess.run(command, cwd=folder, capture_output=True, timeout=120).returncode:
        pytest.skip("npm cannot fetch gltf-validator")
    return folder


def issues(data, folder):
    """The issues of the bytes of a GLB: numErrors, numWarnings, messages."""
    command = ["node", "-e", SCRIPT]
    done = subprocess.run(command, cwd=folder, input=data, capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)["issues"]
