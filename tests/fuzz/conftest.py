"""How long the mutations go on: a moment in the usual run of the tests, long with `make fuzz`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

COMMON = {
    "deadline": None,  # the machine may be busy
    "database": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
}
settings.register_profile("quick", max_examples=120, derandomize=True, **COMMON)
settings.register_profile("long", max_examples=int(os.environ.get("EXAMPLES", "5000")), **COMMON)
settings.load_profile(os.environ.get("NEUROFILM_FUZZ", "quick"))
