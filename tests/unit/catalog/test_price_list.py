"""AWS's price list is read as AWS writes it, and the table is renewed from it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from studioctl.catalog import price_list
from tests import prices as renewal

EU = "eu-west-1"


def product(service: str, usage: str, usd: str | dict[str, str], **attributes: str) -> dict[str, Any]:
    """A product with its terms, as GetProducts answers. `usd`: its price, or its prices by begin of the tier."""
    tiers = usd if isinstance(usd, dict) else {"0": usd}
    dimensions = {
        f"SKU.JRTCKXETXF.{begin}": {"unit": "Hrs", "beginRange": begin, "pricePerUnit": {"USD": price}}
        for begin, price in tiers.items()
    }
    known = {"servicecode": service, "usagetype": usage, "regionCode": EU, "locationType": "AWS Region"}
    offer = {"offerTermCode": "JRTCKXETXF", "priceDimensions": dimensions}
    return {
        "product": {"sku": usage, "productFamily": "ML Instance", "attributes": known | attributes},
        "terms": {"OnDemand": {"SKU.JRTCKXETXF": offer}},
    }


EDITOR, LAB = {"platoinstancetype": "studio-codeeditor"}, {"platoinstancetype": "Studio-JupyterLab"}
SAGEMAKER = [
    product("AmazonSageMaker", "EU-Studio:CodeEditor-ml.t3.medium", "0.0540000000", **EDITOR),
    product("AmazonSageMaker", "EU-Studio:JupyterLab-ml.t3.medium", "0.0540000000", **LAB),
    product("AmazonSageMaker", "EU-Studio:JupyterLab-ml.m5.large", "0.13", **LAB),
    product("AmazonSageMaker", "EU-Studio:KernelGateway-ml.m5.large", "9.99", platoinstancetype="Studio-Notebook"),
    product("AmazonSageMaker", "EU-Train:ml.m5.large", "0.128", platoinstancetype="Training"),
    product("AmazonSageMaker", "EU-SpotTrain:ml.m5.large", "0.01", platoinstancetype="SpotTraining"),
    product("AmazonSageMaker", "EU-Studio:VolumeUsage.gp3", "0.123"),
    product("AmazonSageMaker", "EU-Studio:CodeEditor-ml.g5.xlarge", "1.0", locationType="AWS Outposts"),
]


def test_instances_and_volumes_are_found_by_their_usage_type_in_any_region() -> None:
    assert price_list.read(SAGEMAKER) == {
        EU: {"ml.t3.medium": 0.054, "ml.m5.large": 0.13, "training ml.m5.large": 0.128, "volume": 0.123}
    }


def test_where_kinds_of_apps_cost_different_amounts_both_are_told() -> None:
    found = [
        product("AmazonSageMaker", "Studio:CodeEditor-ml.t3.medium", "0.05"),
        product("AmazonSageMaker", "Studio:JupyterLab-ml.t3.medium", "0.06"),
    ]

    assert price_list.read(found) == {EU: {"ml.t3.medium": 0.05, "JupyterLab ml.t3.medium": 0.06}}


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (product("AmazonEFS", "EU-TimedStorage-ByteHrs", "0.33"), {"home": 0.33}),
        (product("AmazonEFS", "EU-IATimedStorage-ByteHrs", "0.02"), {}),
        (product("AmazonS3", "EU-TimedStorage-ByteHrs", {"51200": "0.022", "0": "0.023"}), {"bucket": 0.023}),
        (product("AmazonS3", "EU-TimedStorage-ByteHrs", "0.004", volumeType="Amazon Glacier"), {}),
        (product("AmazonECR", "EU-TimedStorage-ByteHrs", {"0": "0.00", "1": "0.10"}), {"repository": 0.10}),
        (product("AWSSecretsManager", "EU-AWSSecretsManager-Secrets", "0.40"), {"secret": 0.40}),
        (product("awskms", "eu-west-1-KMS-Keys", "1.00"), {"key": 1.00}),
        (product("awskms", "EU-KMS-Keys", "1.00"), {"key": 1.00}),
        (product("AmazonEC2", "EU-NatGateway-Hours", "0.048"), {"nat_gateway": 0.048}),
        (product("AmazonVPC", "EU-NatGateway-Hours", "0.048"), {"nat_gateway": 0.048}),
        (product("AmazonEC2", "EU-RegionalNatGateway-Hours", "0.048"), {}),
        (product("AmazonVPC", "EU-VpcEndpoint-Hours", "0.011"), {"endpoint": 0.011}),
        (product("AmazonVPC", "EU-PublicIPv4:InUseAddress", "0.005"), {"public_address": 0.005}),
        (product("AmazonCloudWatch", "EU-DataProcessing-Bytes", "0.57"), {"logs": 0.57}),
        (product("AmazonCloudWatch", "EU-VendedLog-Bytes", "0.57"), {"flow_logs": 0.57}),
        (
            product("AmazonRDS", "EU-Aurora:ServerlessV2Usage", "0.14", databaseEngine="Aurora PostgreSQL"),
            {"database": 0.14},
        ),
        (product("AmazonRDS", "EU-Aurora:ServerlessV2Usage", "0.14", databaseEngine="Aurora MySQL"), {}),
    ],
    ids=lambda value: value["product"]["sku"] if "product" in value else "",
)
def test_every_item_is_found_and_its_likes_are_not(entry: dict[str, Any], found: dict[str, float]) -> None:
    assert price_list.read([entry]) == ({EU: found} if found else {})


def test_what_has_no_price_in_dollars_is_unknown() -> None:
    yuan = product("AmazonSageMaker", "CNN1-Studio:VolumeUsage.gp3", "1")
    for dimension in yuan["terms"]["OnDemand"]["SKU.JRTCKXETXF"]["priceDimensions"].values():
        dimension["pricePerUnit"] = {"CNY": "1"}

    assert price_list.read([yuan, {"product": {}, "terms": {}}, {}]) == {}


def bulk(entries: list[dict[str, Any]]) -> str:
    """The same products as a file of the public list."""
    return json.dumps(
        {
            "formatVersion": "v1.0",
            "publicationDate": "2026-11-20T10:00:00Z",
            "products": {entry["product"]["sku"]: entry["product"] for entry in entries},
            "terms": {"OnDemand": {e["product"]["sku"]: e["terms"]["OnDemand"] for e in entries}},
        }
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A copy of the table that ships."""
    copy = tmp_path / "prices.toml"
    copy.write_text(renewal.TABLE.read_text(encoding="utf-8"), encoding="utf-8")
    return copy


def test_the_table_is_renewed_by_what_the_list_has_and_keeps_the_rest(table: Path, tmp_path: Path) -> None:
    mine = [product("AmazonSageMaker", "USE1-Studio:CodeEditor-ml.t3.medium", "0.049", regionCode="us-east-1")]
    for region, entries in ((EU, SAGEMAKER), ("us-east-1", mine)):
        file = tmp_path / "AmazonSageMaker" / f"{region}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(bulk(entries))

    renewal.main(["--from", str(tmp_path), "--region", EU], table=table)

    text = table.read_text(encoding="utf-8")
    lists = tomllib.loads(text)["list"]
    assert renewal.head_of(text) == renewal.head_of(renewal.TABLE.read_text(encoding="utf-8"))
    assert [entry for entry in lists if entry["as_of"] == "2026-11-20"] == [
        {
            "region": EU,
            "as_of": "2026-11-20",
            "source": "AWS's public price list, offers/v1.0/aws/SERVICE/current/eu-west-1",
            "usd": {"ml.m5.large": 0.13, "ml.t3.medium": 0.054, "training ml.m5.large": 0.128, "volume": 0.123},
        },
        {
            "region": "us-east-1",
            "as_of": "2026-11-20",
            "source": "AWS's public price list, offers/v1.0/aws/SERVICE/current/us-east-1",
            "usd": {"ml.t3.medium": 0.049},
        },
    ]
    told = [item for entry in lists if entry["region"] == "us-east-1" for item in entry["usd"]]
    assert len(told) == len(set(told))
    assert {"ml.t3.medium", "secret", "Canvas"} <= set(told)


def test_without_any_list_the_table_stays(table: Path, tmp_path: Path) -> None:
    before = table.read_bytes()

    with pytest.raises(SystemExit, match="nothing was changed"):
        renewal.main(["--from", str(tmp_path)], table=table)

    assert table.read_bytes() == before


def test_what_the_renewal_writes_is_how_the_table_is_written() -> None:
    text = renewal.TABLE.read_text(encoding="utf-8")

    assert tomllib.loads(renewal.written(tomllib.loads(text)["list"], renewal.head_of(text))) == tomllib.loads(text)
