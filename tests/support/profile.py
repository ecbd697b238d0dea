"""How hard property tests try: a few fixed examples by default, many fresh ones with HYPOTHESIS_PROFILE=nightly."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


def effort(examples: int) -> settings:
    """Settings of a property test that tries so many examples by default, and 20 times as many at night."""
    return settings(
        max_examples=examples * 20 if NIGHTLY else examples,
        derandomize=not NIGHTLY,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
