"""On what the numbers were measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import psutil


def facts() -> dict[str, object]:
    """Returns what someone else has to know to compare their numbers with these."""
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "behave": version("behave"),
        "testcontainers": version("testcontainers"),
        "load_before": round(os.getloadavg()[0], 2),
    }
