"""The page of inputs in the wild: every case on it has the test that it names."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_case_of_the_page_is_a_test_under_its_name() -> None:
    rows = re.findall(
        r"^\| (\d\d) ([a-z0-9-]+) \|.*\| `tests/(\w+/\w+\.py)::(\w+)` \|$",
        (ROOT / "docs/cases.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert len(rows) == 22
    for number, name, file, test in rows:
        assert test == f"test_case_{number}_{name.replace('-', '_')}"
        assert f"def {test}(" in (ROOT / "tests" / file).read_text("utf-8"), test
