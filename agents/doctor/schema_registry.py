"""The schema registry: whether every record schema is registered and compatible."""

from collections.abc import Iterator

from agents.doctor.check import Check, join_names
from agents.schema_registry.publish import subject_statuses
from agents.settings.effective import redact
from agents.settings.model import Settings

SUBJECT = "registry"


def check_schema_registry(settings: Settings) -> Iterator[Check]:
    """The state of every record's schema in the registry."""
    if settings.registry_url is None:
        yield Check(SUBJECT, "ok", "No registry is set: records carry the fingerprint of their schema")
        return
    subjects = subject_statuses(settings)
    for subject in subjects:
        for reason in subject.wrong:
            todo = f"Delete that version, or use another registry for {subject.subject}: its records could not be read"
            yield Check(SUBJECT, "failed", f"{subject.subject} {reason}", todo)
    missing = [subject.subject for subject in subjects if subject.schema_id is None and not subject.wrong]
    if missing:
        finding = f"{len(missing)} of {len(subjects)} schemas are not registered: {join_names(missing)}"
        yield Check(SUBJECT, "failed", finding, "Run: tenor schemas publish")
    elif not any(subject.wrong for subject in subjects):
        yield Check(SUBJECT, "ok", f"{redact(settings.registry_url)} has all {len(subjects)} schemas")
