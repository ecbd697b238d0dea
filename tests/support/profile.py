"""How hard property tests try: HYPOTHESIS_PROFILE=few takes a quarter of the examples, nightly many fresh ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE")
NIGHTLY = PROFILE == "nightly"
_SCALE = {"nightly": 20.0, "few": 0.25}.get(PROFILE or "", 1.0)


def effort(examples: int) -> settings:
    """Settings of a property test that tries so many examples by default, 20 times as many at night, and a few of the
    same on further interpreters."""
    return settings(
        max_examples=max(1, int(examples * _SCALE)),
        derandomize=not NIGHTLY,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
