"""The shipped alarm on the simulated ramps its threshold was set on: what docs/science.md says must stay about true."""

import numpy as np

from benchmarks.belief.ramps import LENGTH, SHIPPED, SLOPES, delays, draw, first_raised, talks


def test_few_quiet_conversations_raise_and_ramps_do_soon() -> None:
    rng = np.random.default_rng(7)
    quiet = [first_raised(SHIPPED, talk) for talk in talks(draw(rng, 3000, 0.0))]
    assert 0.012 <= np.mean(np.array(quiet) < LENGTH) <= 0.028
    found = [delays([first_raised(SHIPPED, talk) for talk in talks(draw(rng, 500, slope))]).mean() for slope in SLOPES]
    assert all(mean <= most for mean, most in zip(found, (9.6, 6.6, 5.1), strict=True)), found
    assert found == sorted(found, reverse=True)
