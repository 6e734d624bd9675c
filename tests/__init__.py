"""Every test, on whatever machine: no deadlines, because a busy machine is no bug."""

import os

from hypothesis import HealthCheck, settings

QUICK = bool(os.environ.get("QUICK_TESTS"))  # make check: a tenth of the examples of each property
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("patient"), max_examples=10)
settings.load_profile("quick" if QUICK else "patient")


def examples(number: int) -> settings:
    """Have a property tried with so many examples, and with a tenth of them in ``make check``."""
    return settings(max_examples=max(1, number // 10) if QUICK else number)
