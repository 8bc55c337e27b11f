"""Templates as Python code, kept between runs: to compile them takes longer than to fill them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from truestep.report.files import write_private

_PRIVATE = 0o700


class CompiledTemplates(BytecodeCache):
    """Keeps what jinja2 has made of each template; one that has changed is compiled anew.

    Args:
        folder: where; it is made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fills the bucket, if the template is kept."""
        # Not there, not ours to read, or spoiled: it is compiled then.
        with suppress(OSError, EOFError, UnpicklingError):
            bucket.bytecode_from_string((self._folder / bucket.key).read_bytes())

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps what is in the bucket."""
        # No home, no room, no permission: then it is compiled each time, and the page is the same.
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
            write_private(self._folder / bucket.key, bucket.bytecode_to_string())
