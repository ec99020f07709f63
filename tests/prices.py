"""Renews `src/studioctl/catalog/prices.toml` from AWS's public price list, which needs no credentials.

    python -m tests.prices                      every region of the table and of --region, downloaded
    python -m tests.prices --region eu-west-1   this region besides those that the table has
    python -m tests.prices --from DIR           from files that were downloaded: DIR/SERVICE/REGION.json

What the list does not have stays, with its date and source. The files of AmazonEC2 are large: some hundred MB a region.
"""

import argparse
import json
import tomllib
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from studioctl.catalog import price_list
from studioctl.catalog.prices import regions
from studioctl.config.aws_tables import INSTANCE_TYPES
from studioctl.config.template import toml_value

TABLE = Path(__file__).parents[1] / "src/studioctl/catalog/prices.toml"
PLACE = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{service}/current/{region}/index.json"
SOURCE = "AWS's public price list, offers/v1.0/aws/SERVICE/current/{region}"


def renewed(
    present: Iterable[Mapping[str, Any]], found: Mapping[str, Mapping[str, float]], as_of: str
) -> list[dict[str, Any]]:
    """The lists of the table: what was found, and of the present ones what was not.

    Args:
        present: The lists as they are.
        found: US dollars by region and item.
        as_of: The date of what was found.
    """
    new = [
        {"region": region, "as_of": as_of, "source": SOURCE.format(region=region), "usd": dict(sorted(usd.items()))}
        for region, usd in sorted(found.items())
        if usd
    ]
    kept = []
    for entry in present:
        usd = {item: price for item, price in entry["usd"].items() if item not in found.get(entry["region"], {})}
        kept += [{**entry, "usd": usd}] if usd else []
    return sorted(new + kept, key=lambda entry: str(entry["region"]))


def written(lists: Iterable[Mapping[str, Any]], head: str) -> str:
    """The table as text."""
    text = head
    for entry in lists:
        text += "\n[[list]]\n" + "".join(f"{key} = {toml_value(entry[key])}\n" for key in ("region", "as_of", "source"))
        text += "[list.usd]\n" + "".join(f"{_key(item)} = {usd}\n" for item, usd in entry["usd"].items())
    return text


def _key(item: str) -> str:
    return item if item.isidentifier() else toml_value(item)


def head_of(text: str) -> str:
    """The comment with which the table begins."""
    return "".join(line + "\n" for line in text.split("\n[[list]]", 1)[0].splitlines())


def known(usd: Mapping[str, float]) -> dict[str, float]:
    """Without instances that no Code Editor can have, and no training job of ours names."""
    return {item: price for item, price in usd.items() if "ml." not in item or item.split(" ")[-1] in INSTANCE_TYPES}


def _content(service: str, region: str, directory: Path | None) -> dict[str, Any]:
    if directory is not None:
        file = directory / service / f"{region}.json"
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
    with urllib.request.urlopen(PLACE.format(service=service, region=region), timeout=600) as answer:
        return dict(json.load(answer))


def main(arguments: list[str] | None = None, table: Path = TABLE) -> None:
    """Reads the lists and writes the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.prices")
    parser.add_argument("--region", action="append", default=[], metavar="REGION")
    parser.add_argument("--from", dest="directory", type=Path, metavar="DIR")
    given = parser.parse_args(arguments)
    found: dict[str, dict[str, float]] = {}
    dates = set()
    for region in dict.fromkeys((*regions(), *given.region)):
        for service in price_list.services():
            content = _content(service, region, given.directory)
            dates |= {content["publicationDate"][:10]} if content else set()
            of_region = price_list.read(price_list.of_file(content)).get(region, {})
            found.setdefault(region, {}).update(known(of_region))
            print(f"{region}  {service}: {len(of_region)} prices")
    if not dates:
        raise SystemExit("No price list was found: nothing was changed.")
    text = table.read_text(encoding="utf-8")
    lists = renewed(tomllib.loads(text)["list"], found, min(dates))
    table.write_text(written(lists, head_of(text)), encoding="utf-8")


if __name__ == "__main__":
    main()
