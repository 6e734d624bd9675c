"""Text models by version: the one that is shipped, and those in tenor.text-model.

A version is in its topic before any signal names it. The topic is compacted under the version, so nothing that was
ever announced is lost, and ``tenor verify`` finds what the workers had. Few are kept in memory; the others are read
again when they are asked for.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from agents import kafka, log_reader
from agents.errors import Failure
from agents.received import Received
from agents.settings import Settings
from streams.text_model import weights
from streams.text_model.model import TextModel, shipped_model
from streams.text_model.weights import WeightsError

KEPT = 8
PATIENCE_S = 15.0
AGAIN_S = 0.2


class Models:
    """Looks text models up. Not for two threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._position = (settings.topics.text_model, 0)
        self._places: dict[str, int] = {}  # the last one is the newest
        self._read_to = 0
        self._models: OrderedDict[str, TextModel] = OrderedDict()

    def __call__(self, version: str) -> TextModel:
        """The text model of a version; ``Failure`` when it is nowhere, after some waiting."""
        if version == shipped_model().version:
            return shipped_model()
        if version not in self._models:
            self._keep(version, self._found(version))
        self._models.move_to_end(version)
        return self._models[version]

    def fetch(self, versions: Iterable[str]) -> None:
        """Have these at hand."""
        for version in versions:
            self(version)

    def newest(self) -> str | None:
        """Version that was published last; None before the first."""
        self._look()
        return next(reversed(self._places), None)

    def _found(self, version: str) -> TextModel:
        deadline = time.monotonic() + PATIENCE_S
        while version not in self._places:
            self._look()
            if version not in self._places:
                if time.monotonic() > deadline:
                    raise missing(version, self._position[0])
                time.sleep(AGAIN_S)
        place = self._places[version]
        return read(next(self._records(place, place + 1), None), version, self._position[0])

    def _look(self) -> None:
        """See which versions have come, and where they stand."""
        end = kafka.end_offsets(self._settings, [self._position])[self._position]
        for record in self._records(self._read_to, end):
            version = (record.key or b"").decode(errors="replace")
            self._places.pop(version, None)
            self._places[version] = record.offset
        self._read_to = end

    def _records(self, start: int, end: int) -> Iterator[Received]:
        return log_reader.read_partition(self._settings, self._position, end, start)

    def _keep(self, version: str, model: TextModel) -> None:
        self._models[version] = model
        if len(self._models) > KEPT:
            self._models.popitem(last=False)


def read(record: Received | None, version: str, topic: str) -> TextModel:
    """The text model in a record. ``Failure`` when it is another, or none."""
    try:
        found = weights.unpack((record and record.value) or b"")
    except WeightsError as error:
        raise Failure(f"the text model {version} in {topic} cannot be read: {error}") from None
    if found.version != version:
        raise Failure(f"{topic} holds {found.version} under the name of the text model {version}")
    return TextModel(found)


def missing(version: str, topic: str) -> Failure:
    return Failure(
        f"the signals log goes on with the text model {version}, and {topic} does not hold it",
        "restore that topic: nothing may be folded with other weights than the log says",
    )
