"""docs/security.md names, for each threat, tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")][2:]


def test_every_threat_has_a_test_that_exists() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    existing = set(re.findall(r"^(?:async )?def (test_\w+)", tests, re.MULTILINE))

    assert len(ROWS) > 20
    for threat, what_holds, named in ROWS:
        assert threat
        assert what_holds
        names = re.findall(r"`(\w+)`", named)
        assert names, threat
        assert [name for name in names if name not in existing] == [], threat


def test_every_option_that_the_page_names_exists() -> None:
    paths = ("server/guillemet_server/cli.py", "client/guillemet_client/connecting.py")
    commands = "".join((ROOT / path).read_text(encoding="utf-8") for path in paths)
    options = set(re.findall(r"--([a-z][a-z-]+)", PAGE))

    assert len(options) > 10
    for option in options:
        name = option.removeprefix("no-").replace("-", "_")
        assert re.search(rf"^    {name}: Annotated", commands, re.MULTILINE), option
