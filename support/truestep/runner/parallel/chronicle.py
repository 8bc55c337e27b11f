"""The record of a run whose scenarios run in workers, and what the parent knows of their tests."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cucumber_messages import (
    Attachment,
    AttachmentContentEncoding,
    TestCaseFinished,
    TestStepFinished,
    TestStepResult,
    TestStepResultStatus,
)

from truestep.runner.cases import Case
from truestep.runner.messages import duration, line, now, step_started
from truestep.runner.outcomes import Around, Outcome, Status
from truestep.runner.parallel.places import Place
from truestep.runner.parallel.seat import Seat
from truestep.runner.parallel.states import ScenarioState
from truestep.runner.parallel.wire import Began, Job, Result
from truestep.runner.record import RunRecord
from truestep.runner.recorder import OUTCOME
