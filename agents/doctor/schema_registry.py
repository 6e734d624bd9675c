"""The schema registry: has every record, and could take those it lacks."""

from collections.abc import Iterator

from agents.doctor.check import Check, listed
from agents.schema_registry.publish import subject_statuses
from agents.settings.effective import shown
from agents.settings.model import Settings

ABOUT = "registry"


def look(settings: Settings) -> Iterator[Check]:
    """How our records stand there."""
    if settings.registry_url is None:
        yield Check(ABOUT, "ok", "none is set: records carry their schema's fingerprint")
        return
    found = subject_statuses(settings)
    for one in found:
        for why in one.wrong:
            todo = f"delete that version, or let {one.subject} go to another registry: what it wrote could not be read"
            yield Check(ABOUT, "failed", f"{one.subject} {why}", todo)
    missing = [one.subject for one in found if one.schema_id is None and not one.wrong]
    if missing:
        what = f"{len(missing)} of {len(found)} records are not registered: {listed(missing)}"
        yield Check(ABOUT, "failed", what, "run: tenor schemas publish")
    elif not any(one.wrong for one in found):
        yield Check(ABOUT, "ok", f"{shown(settings.registry_url)} has all {len(found)} records")
