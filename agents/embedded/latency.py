"""Quantiles of the event delay, from the workers' own histograms."""

from collections import Counter
from collections.abc import Iterable
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

METRIC = "tenor_event_delay_seconds"


def histogram(urls: Iterable[str]) -> Counter[float]:
    """Cumulative counts by upper bound (seconds), summed over the processes that answer ``/metrics``."""
    counts: Counter[float] = Counter()
    for url in urls:
        with urlopen(f"{url}/metrics", timeout=5) as response:
            families = list(text_string_to_metric_families(response.read().decode()))
        samples = [sample for family in families if family.name == METRIC for sample in family.samples]
        for sample in samples:
            if sample.name.endswith("_bucket"):
                counts[float(sample.labels["le"])] += int(sample.value)
    return counts


def quantile(counts: Counter[float], q: float) -> float | None:
    """Upper bound of the quantile's bucket, seconds; None without events."""
    total = max(counts.values(), default=0)
    if not total:
        return None
    return min(bound for bound, count in counts.items() if count >= q * total)
