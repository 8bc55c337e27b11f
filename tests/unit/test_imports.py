"""A run imports only what it uses."""

from __future__ import annotations

import subprocess
import sys


def test_http_steps_import_no_http_library_before_a_request_is_made() -> None:
    code = (
        "import sys, truestep.hooks, truestep.steps.http\n"
        "print(sorted({'httpx', 'jsonschema', 'jsonpath', 'testcontainers'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
