"""What is where in the folder of a run: the runner writes it, the reports are made from it."""

from __future__ import annotations

MESSAGES = "messages.ndjson"
FACTS = "run.json"
RERUN = "rerun.txt"
PAGE = "index.html"
EVIDENCE = "evidence"
# Beside the folders of all runs: the way to the newest.
LATEST = "latest"
JUNIT_PREFIX = "TESTS-"

# What our own attachments are, in the messages.
EVIDENCE_TYPE = "application/vnd.truestep.evidence+json"
OUTCOME_TYPE = "application/vnd.truestep.outcome+json"
