"""Renews `src/studio_emulator/distribution.toml`: until when AWS mends which version of SageMaker Distribution.

    python -m tests.distribution --from FILE --as-of 2026-08-19    from a copy of AWS's page, of that day
    python -m tests.distribution                                   from the page itself

What the page no longer has stays: it forgets a version one year after its end.
"""

import argparse
import re
import tomllib
import urllib.request
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from studio_emulator.distribution import parsed

TABLE = Path(__file__).parents[1] / "src/studio_emulator/distribution.toml"
SOURCE = "https://github.com/aws/sagemaker-distribution/blob/main/support_policy.md"
PAGE = "https://raw.githubusercontent.com/aws/sagemaker-distribution/main/support_policy.md"
HEAD = """\
# Until when AWS mends which version of SageMaker Distribution: the last day of a major and of a minor version.
# `make images` writes this file from AWS's page: RELEASING.md.
"""
_ROW = re.compile(r"^\|\s*(\d+)\.(\d+|x)\.x\s*\|.*\|\s*(\w+)\s+(\d+)\w*,?\s+(\d{4})\s*\|\s*$")


def read(page: str) -> dict[str, date]:
    """The last day by version, "4" or "4.3". Of a minor version's two images the earlier end counts."""
    found: dict[str, date] = {}
    for line in page.splitlines():
        if row := _ROW.match(line):
            major, minor, month, day, year = row.groups()
            version = major if minor == "x" else f"{major}.{minor}"
            end = datetime.strptime(f"{month[:3]} {day} {year}", "%b %d %Y").replace(tzinfo=UTC).date()
            found[version] = min(end, found.get(version, end))
    return found


def written(ends: dict[str, date], as_of: date) -> str:
    """The table as text, the newest version first."""
    text = f'{HEAD}as_of = {as_of}\nsource = "{SOURCE}"\n'
    for kind, dots in (("major", 0), ("minor", 1)):
        text += f"\n[{kind}]\n" + "".join(_lines(ends, (each for each in ends if each.count(".") == dots)))
    return text


def _lines(ends: dict[str, date], versions: Iterable[str]) -> Iterable[str]:
    return (f'"{version}" = {ends[version]}\n' for version in sorted(versions, key=parsed, reverse=True))


def main(arguments: list[str] | None = None, table: Path = TABLE) -> None:
    """Reads the page and writes the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.distribution")
    parser.add_argument("--from", dest="file", type=Path, metavar="FILE")
    parser.add_argument("--as-of", type=date.fromisoformat, default=datetime.now(UTC).date(), metavar="DATE")
    given = parser.parse_args(arguments)
    if given.file is None:
        with urllib.request.urlopen(PAGE, timeout=60) as answer:
            page = answer.read().decode("utf-8")
    else:
        page = given.file.read_text(encoding="utf-8")
    found = read(page)
    if not any(version.count(".") for version in found):
        raise SystemExit("No version was found: nothing was changed.")
    present = tomllib.loads(table.read_text(encoding="utf-8")) if table.exists() else {"major": {}, "minor": {}}
    table.write_text(written(present["major"] | present["minor"] | found, given.as_of), encoding="utf-8")
    print(f"{len(found)} versions of {SOURCE}")


if __name__ == "__main__":
    main()
