"""How every test runs."""

from hypothesis import HealthCheck, settings

# A slow machine is no defect: what takes long is told by the benchmarks.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
