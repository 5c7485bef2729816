"""Models of the table in the Hugging Face hub's cache: whether they are there, and fetching them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from face3d.errors import ImagineError
from face3d.imagine.picture import Report, Stage
from face3d.imagine.table import ImageModel

INDEX = "model_index.json"
SMALL_FILES = ["*.json", "*/*.json", "*/*.txt", "*/*.model"]
"""What a pipeline has beside its weights: configurations and vocabularies."""


def is_here(model: ImageModel) -> bool:
    """Whether nothing has to be fetched for a model of the hub, or a folder."""
    return not model.files or _cached(model) is not None


def fetched(model: ImageModel, report: Report) -> Path:
    """The folder of the pipeline, after what is missing was fetched into the hub's cache.

    Downloads go on where they were broken off. report: told about them; what it raises ends them.
    Raises ImagineError where a file cannot be fetched.
    """
    if not model.files:
        return Path(model.source)
    if folder := _cached(model):
        return folder
    from huggingface_hub import hf_hub_download, snapshot_download

    done = 0
    try:
        # The small files first: without a connection this fails at once, where weights are tried for long.
        folder = Path(snapshot_download(model.source, allow_patterns=SMALL_FILES, tqdm_class=_silent(None)))
        for file in model.files:
            hf_hub_download(model.source, file.path, tqdm_class=_silent(_Told(model, done, report)))
            done += file.size
    except (OSError, ValueError, RuntimeError) as error:
        raise ImagineError(
            f"{model.title} is not on this computer, and cannot be fetched ({model.download}). Connect to "
            "the internet and try again, or name a folder with such a model."
        ) from error
    return folder


def _cached(model: ImageModel) -> Path | None:
    """The folder of the newest version in the cache where that is whole, else None."""
    from huggingface_hub import try_to_load_from_cache

    paths = [try_to_load_from_cache(model.source, name) for name in (INDEX, *(f.path for f in model.files))]
    found = [path for path in paths if isinstance(path, str)]
    return Path(found[0]).parent if len(found) == len(paths) else None


class _Told:
    """Passes the progress of one file on as that of the whole model."""

    def __init__(self, model: ImageModel, before: int, report: Report) -> None:
        self._model, self._before, self._report = model, before, report
        self._shown = ""

    def __call__(self, done: float) -> None:
        total = self._model.download_bytes
        text = f"Fetching {self._model.title}: {(self._before + done) / 1e9:.2f} of {total / 1e9:.2f} GB"
        if text != self._shown:  # called many times per MB
            self._shown = text
            self._report(Stage(text, 0.0))


def _silent(told: _Told | None) -> Any:
    """A progress bar as the hub's client makes them, which draws nothing."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            named.pop("name", None)
            super().__init__(*arguments, **named | {"disable": True})
            self.seen = float(named.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            self.seen += n or 0
            if told:
                told(self.seen)

    return Bar
