"""JUnit files are valid, and say of each scenario what a CI server needs to know."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from tests.report.build import RunBuilder, Went
from tests.report.conftest import build_tea
from tests.report.test_reading import GOLDEN
from truestep.report.junit import write_junit
from truestep.report.reading import read_run

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit-10.xsd"))


def written(run: Path, into: Path) -> dict[str, ET.Element]:
    write_junit(read_run(run), into)
    paths = sorted(into.iterdir())
    return {path.name: ET.parse(path).getroot() for path in paths}  # noqa: S314  # our own


def check(suite: ET.Element) -> None:
    """The schema knows no file, line and properties of a testcase; CI servers do."""
    for case in suite.iter("testcase"):
        assert case.attrib.pop("file", "").endswith(".feature") or case.get("classname") == "run"
        assert case.attrib.pop("line", "1").isdigit()
        for properties in case.findall("properties"):
            assert all(set(one.attrib) == {"name", "value"} for one in properties)
            case.remove(properties)
    SCHEMA.validate(suite)
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(suite.attrib[attribute]) == len(suite.findall(f"testcase/{kind}"))


@pytest.mark.parametrize("facts", GOLDEN, ids=lambda path: path.parent.name)
def test_files_of_real_runs_fit_the_schema(facts: Path, tmp_path: Path) -> None:
    suites = written(facts.parent, tmp_path / "junit")
    assert suites
    for suite in suites.values():
        check(suite)


def test_files_of_every_outcome_fit_the_schema(tea: Path, tmp_path: Path) -> None:
    suites = written(tea, tmp_path / "junit")
    assert list(suites) == ["TESTS-features.milk.xml", "TESTS-features.shop.tea.xml"]
    for suite in suites.values():
        check(suite)


def test_cases_are_named_by_file_feature_and_example(tea: Path, tmp_path: Path) -> None:
    suite = written(tea, tmp_path / "junit")["TESTS-features.shop.tea.xml"]
    assert suite.get("file") == "features/shop/tea.feature"
    assert {case.get("classname") for case in suite.iter("testcase")} == {
        "features.shop.tea.Tea is served"
    }
    assert [case.get("name") for case in suite.iter("testcase")] == [
        "One cup",
        "Ten cups",
        "12 cups in 3 minutes",
        "20 cups in 5 minutes",
        "12 cups in 9 minutes",
        "Hot or not (tea: green)",
        "Hot or not (tea: black)",
    ]


def test_names_files_and_lines_are_the_same_in_the_next_run(tea: Path, tmp_path: Path) -> None:
    def identity(run: Path, into: Path) -> list[tuple[str | None, ...]]:
        return [
            tuple(case.get(name) for name in ("classname", "name", "file", "line"))
            for suite in written(run, into).values()
            for case in suite.iter("testcase")
        ]

    other = build_tea(tmp_path / "reports" / "other")
    assert identity(tea, tmp_path / "one") == identity(other, tmp_path / "two")


def test_expectation_is_a_failure_with_what_happened_beside_it(tea: Path, tmp_path: Path) -> None:
    case = the_case(written(tea, tmp_path / "junit"), "Ten cups")
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "AssertionError", "message": "Expected: 'tea'"}
    assert failure.text == (
        "Expected: 'tea'\n     but: was 'milk'\n\n"
        "Failing step: Then this is said: (features/shop/tea.feature:25)\n\n"
        "Traceback (most recent call last):\n  …"
    )
    assert case.get("time") == "1.250"
    assert case.findtext("system-out") == (
        "Ten cups\n"
        "  ✓ Given the kettle is on\n"
        "  ✓ Given the big kettle is on\n"
        "  ✓ When the order is:\n"
        "      | tea   | cups |\n"
        "      | green | 4    |\n"
        "      | black | 6    |\n"
        "  ✗ Then this is said:  ... fails\n"
        '      """\n'
        "      Please wait,\n"
        "        it takes a while.\n"
        '      """\n'
        "\n"
        "Timeline:\n"
        "   1250.0 ms  step   Given the kettle is on\n"
        "   1262.5 ms  row    cups: 1 added\n"
        "                     id: 1\n"
        "   1750.0 ms  error  AssertionError: cold\n"
        "   1790.0 ms  event  cups.served [0] @ 12  (40.0 ms after the failure)\n"
        "                     late\n"
        "\n"
        "Rows that changed:\n"
        "  | table | before | after |\n"
        "  | cups  |        | id: 1 |\n"
        "\n"
        "Keys:\n"
        "  | cup:1 | hot |\n"
        "\n"
        "What the servers logged: postgres:\n"
        "  LOG: ready\n"
        "  LOG: bye"
    )


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("20 cups in 5 minutes", "ValueError", "ValueError"),
        ("Sour", "RuntimeError", "the hook spilled it"),
        ("Undefined", "undefined", "No step definition matches this step."),
        (
            "Pending",
            "pending",
            "The step definition of this step says that it is not finished.",
        ),
        ("Server gone", "infrastructure", "postgres died"),
    ],
)
def test_everything_else_that_went_wrong_is_an_error(
    tea: Path, tmp_path: Path, name: str, kind: str, message: str
) -> None:
    error = the_case(written(tea, tmp_path / "junit"), name).find("error")
    assert error is not None
    assert error.attrib == {"type": kind, "message": message}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Never reached", "was not reached before the run ended"),
        ("Left out", "was left out of this run"),
    ],
)
def test_what_did_not_run_is_skipped_and_says_why(
    tea: Path, tmp_path: Path, name: str, message: str
) -> None:
    skipped = the_case(written(tea, tmp_path / "junit"), name).find("skipped")
    assert skipped is not None
    assert skipped.get("message") == message


def test_tags_are_properties(tea: Path, tmp_path: Path) -> None:
    case = the_case(written(tea, tmp_path / "junit"), "Ten cups")
    tags = [(one.get("name"), one.get("value")) for one in case.iterfind("properties/property")]
    assert tags == [("tag", "postgres"), ("tag", "shop"), ("tag", "slow")]


def test_failed_hook_of_the_run_is_a_case_of_its_own(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.run_hook("spilled\nall of it")
    suites = written(builder.finish(success=False), tmp_path / "junit")
    assert list(suites) == ["TESTS-run.xml"]
    check(suites["TESTS-run.xml"])
    [case] = suites["TESTS-run.xml"].iter("testcase")
    error = case.find("error")
    assert case.get("name") == "before_all"
    assert error is not None
    assert error.attrib == {"type": "ValueError", "message": "spilled"}


def test_any_character_makes_a_file_that_can_be_read(tmp_path: Path) -> None:
    message = "".join(map(chr, [*range(0x20), 0x7F, 0x85, 0xFFFE, 0xFFFF, 0x1F916])) + "]]><&\"'"
    builder = RunBuilder(tmp_path / "run")
    builder.feature("a.feature", 'Feature: <&"\x01\n  Scenario: ]]>\x02\n    * <x>\x1b[31m\n')
    builder.run(lambda _: Went(at=0, message=message, kind="\x07Error"))
    [suite] = written(builder.finish(success=False), tmp_path / "junit").values()
    check(suite)
    [case] = suite.iter("testcase")
    assert case.get("name") == "]]>\ufffd"
    assert case.findtext("error", "").startswith("\ufffd" * 9 + "\t\n\ufffd\ufffd")
    assert "\ufffd\ufffd\U0001f916]]><&\"'" in case.findtext("error", "")


def test_files_of_an_earlier_run_go_and_those_of_others_stay(tea: Path, tmp_path: Path) -> None:
    folder = tmp_path / "junit"
    folder.mkdir()
    (folder / "TESTS-features.gone.xml").write_text("<testsuite/>")
    (folder / "pytest.xml").write_text("<testsuites/>")
    write_junit(read_run(tea), folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "TESTS-features.milk.xml",
        "TESTS-features.shop.tea.xml",
        "pytest.xml",
    ]


def the_case(suites: dict[str, ET.Element], name: str) -> ET.Element:
    [found] = [
        case
        for suite in suites.values()
        for case in suite.iter("testcase")
        if case.get("name") == name
    ]
    return found
