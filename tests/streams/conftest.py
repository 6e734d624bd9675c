"""Hypothesis for the whole floor: no deadline, because a busy machine is no bug."""

from hypothesis import HealthCheck, settings

settings.register_profile("floor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("floor")
