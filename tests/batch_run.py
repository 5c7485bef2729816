"""A converter that only copies, for tests of a run."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from face3d.batch.manifest import Outcome, Recipe

RECIPE = Recipe({"model": "bust", "formats": ["glb", "stl"]}, {}, {"name": "face", "sha256": "ab"})


@dataclass
class Copier:
    """Converts by copying a photo to NAME.copy; a photo with the content `bad` fails. asked: what it got."""

    output: Path
    asked: list[str] = field(default_factory=list)

    def __call__(self, task, warn):
        self.asked.append(task.name)
        data = task.path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if data == b"bad":
            return Outcome(error="It is bad. Choose another.", sha256=digest)
        target = self.output / f"{task.name}.copy"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return Outcome("copied", "", digest, {"faces": len(data)}, {target.name: digest}, 0.25)
