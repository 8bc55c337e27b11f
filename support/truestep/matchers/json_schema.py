"""That a JSON value fits a JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.errors import StepUsageError

_SHOWN = 5


def fits_schema(file: Path) -> Matcher[Any]:
    """Matches a JSON value that fits the schema in `file`, formats included.

    The schema may refer to others by a path from its own folder; nothing is fetched.

    Raises:
        StepUsageError: the file is not there, or is not a JSON Schema.
    """
    # Imported late: only scenarios that check a schema need it.
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    schema = _read(file)
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise StepUsageError(
            f"{file} is not a JSON Schema",
            seen=f"at {error.json_path}: {error.message}",
            looked=str(file.absolute()),
            remedy="mend it there",
        ) from None
    registry: Registry[Any] = Registry(retrieve=_resource)  # type: ignore[call-arg]  # attrs' own
    referring = {"$ref": file.absolute().as_uri()}
    validator = kind(referring, registry=registry, format_checker=kind.FORMAT_CHECKER)
    return _FitsSchema(file, validator)


class _FitsSchema(BaseMatcher[Any]):
    def __init__(self, file: Path, validator: Any) -> None:
        self._file = file
        self._validator = validator

    def _matches(self, item: Any) -> bool:
        return not any(self._problems(item))

    def describe_to(self, description: Description) -> None:
        description.append_text(f"JSON that fits {self._file}")

    def describe_mismatch(self, item: Any, mismatch_description: Description) -> None:
        mismatch_description.append_text("; ".join(islice(self._problems(item), _SHOWN)))

    def _problems(self, item: Any) -> Iterator[str]:
        from referencing.exceptions import Unresolvable

        try:
            for error in self._validator.iter_errors(item):
                yield f"at {error.json_path}: {error.message}"
        except Unresolvable as error:
            raise StepUsageError(
                f"{self._file} refers to a schema that is not there",
                seen=str(error.ref),
                looked=str(self._file.absolute()),
                remedy="put it beside this one and refer to it by its path; nothing is fetched",
            ) from None


def _resource(uri: str) -> Any:
    from referencing import Resource
    from referencing.exceptions import NoSuchResource
    from referencing.jsonschema import DRAFT202012

    parts = urlsplit(uri)
    if parts.scheme != "file" or not Path(url2pathname(parts.path)).is_file():
        raise NoSuchResource(uri)
    contents = _read(Path(url2pathname(parts.path)))
    return Resource.from_contents(contents, default_specification=DRAFT202012)


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StepUsageError(
            f"the schema {file} cannot be read",
            seen=str(getattr(error, "strerror", None) or error),
            looked=str(file.absolute()),
            remedy="correct the path, which starts from the folder that behave runs in, or mend it",
        ) from None
