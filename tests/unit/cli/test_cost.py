"""`studioctl cost`: from the file alone, in words that point into it."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from studioctl import homes
from studioctl.aws import pricing
from studioctl.aws.session import Session
from studioctl.cli import main
from studioctl.operations.prices.known import questions
from studioctl.target import LocalEndpoint, Target

FILE = """\
name = "acme-ml"
region = "us-east-1"

[[users]]
name = "ada"
spaces = [{ name = "a", instance_type = "ml.p5.48xlarge", volume_gb = 50 }]

[secrets]
github = { username = "bot" }
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A studio.toml in the current directory, on a machine without a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "socket", None)
    Path("studio.toml").write_text(FILE, encoding="utf-8")
    return Path("studio.toml")


@pytest.mark.usefixtures("file")
def test_it_says_who_costs_what_and_what_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["cost"]) == 0

    said = capsys.readouterr()
    assert said.out == (
        "acme-ml in us-east-1: US dollars a month (prices checked between 2026-08-21 and 2026-08-24)\n"
        "           no app running  8 h a working day    left running  one weekend left running\n"
        "ada                  5.60     5.60 + unknown  5.60 + unknown                   unknown\n"
        "everybody            0.40               0.40            0.40                      0.00\n"
        "in all               6.00     6.00 + unknown  6.00 + unknown                   unknown\n"
        '"Left running" means that apps are started each working day and never stopped by hand: the idle stop ends them'
        " after 60 minutes without use. Each space counts with its volume, which AWS creates at the space's first"
        " start.\n"
        "\n"
        "Paid for:\n"
        "  volume of 'a', 50 GB: 5.60 (0.112 USD a GB-month)  (studio.toml:6)\n"
        "  'a' on ml.p5.48xlarge: unknown  (studio.toml:6)\n"
        "  secret of a GitHub token: 0.40 (0.40 USD a month)  (studio.toml:9)\n"
        "\n"
        "Paid by use, not included: data bucket (S3 Standard) 0.023 USD a GB-month; home file system (EFS Standard)"
        " 0.30 USD a GB-month; images (ECR) 0.10 USD a GB-month; logs written (CloudWatch) 0.50 USD a GB; logs kept"
        " (CloudWatch) 0.03 USD a GB-month.\n"
    )
    assert said.err == (
        "\nNo price is known in us-east-1 for: ml.p5.48xlarge. Ask AWS for them (studioctl cost --ask), or look them up"
        ' and write them into the file, in US dollars:\n\n  [cost]\n  prices = { "ml.p5.48xlarge" = PRICE }\n'
    )


def test_what_it_says_to_write_is_what_it_then_counts_with(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main.run(["cost"])
    block = capsys.readouterr().err.split("US dollars:\n")[1].replace("PRICE", "100")
    file.write_text(FILE + "\n".join(line.strip() for line in block.splitlines()), encoding="utf-8")

    assert main.run(["cost", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["unknown"], found["total"]["weekend"]) == ([], 100.0)
    assert [line["price_source"] for line in found["lines"] if line["item"] == "ml.p5.48xlarge"] == ["[cost] prices"]


@pytest.mark.usefixtures("file")
def test_json_has_null_for_sums_that_are_not_known_and_the_difference_of_a_what_if(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["cost", "--json", "--users", "2", "--instance-type", "ml.g5.xlarge", "--hours", "4"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["users"][1]["name"] == "person-1"
    assert found["users"][1]["standing"] == 2.24
    assert found["difference"] == {"standing": 2.24, "working": None, "forgotten": None, "weekend": None}
    assert {line["line"] for line in found["lines"]} == {None}


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--users", "0"), "--users 0 is not from 1 to 10,000."),
        (("--instance-type", "ml.g5"), '"ml.g5" is not an instance type of Studio'),
        (("--region", "eu-wst-1"), 'did you mean "eu-west-1"'),
        (("--idle-minutes", "5"), "5 is out of range; write 60 to 525600 minutes"),
        (("--hours", "25"), "must be at most 24"),
        (("--network", "wifi"), "--network"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
@pytest.mark.usefixtures("file")
def test_what_cannot_be_is_refused(option: tuple[str, str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["cost", *option]) == 64

    said = capsys.readouterr()
    assert says in " ".join(said.err.split())
    assert said.out == ""


@pytest.mark.usefixtures("file")
def test_a_hundred_people_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["cost", "--users", "100", "--instance-type", "ml.t3.medium", "--network", "none"]) == 0

    shown = capsys.readouterr().out
    assert "person-1" not in shown
    assert "\n100 users " in shown
    assert "\n  interface endpoint in a zone: 146.00 at 8 h a working day\n" in shown


@pytest.mark.usefixtures("file")
def test_each_price_is_told_with_its_date_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["cost", "--prices", "--json"]) == 0

    found = {price["item"]: price for price in json.loads(capsys.readouterr().out)}
    assert (found["volume"]["usd"], found["volume"]["unit"], found["volume"]["as_of"]) == (
        0.112,
        "GB-month",
        "2026-08-24",
    )
    assert (found["flow_logs"]["usd"], found["flow_logs"]["source"]) == (None, "")
    assert main.run(["cost", "--prices"]) == 0
    assert "flow_logs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("price", "says"),
    [
        ('"ml.g5.2xlrge" = 1', 'did you mean "ml.g5.2xlarge"?'),
        ('"JupyterLab ml.g5.2xlrge" = 1', 'did you mean "JupyterLab ml.g5.2xlarge"?'),
        ('"notebook ml.t3.medium" = 1', "is nothing that has a price"),
        ("volume = -1", "must be from 0 to 10,000 US dollars"),
        ("volume = nan", "must be from 0 to 10,000 US dollars"),
        ('volume = "0.1"', "cost.prices.volume"),
        ("volume = true", "cost.prices.volume"),
    ],
)
def test_a_wrong_price_is_told_with_its_line(
    price: str, says: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"{FILE}[cost.prices]\n{price}\n", encoding="utf-8")

    assert main.run(["cost"]) == 3
    assert f"studio.toml:11: cost.prices.{'' if price[0] == chr(34) else 'volume'}" in (said := capsys.readouterr().err)
    assert says in said


def answer(usage: str, usd: str, region: str = "eu-west-1") -> dict[str, Any]:
    """The answer of GetProducts with one product."""
    attributes = {"servicecode": "AmazonSageMaker", "usagetype": usage, "regionCode": region}
    offer = {"priceDimensions": {"S.O.R": {"beginRange": "0", "pricePerUnit": {"USD": usd}}}}
    product = {"product": {"attributes": attributes}, "terms": {"OnDemand": {"S.O": offer}}}
    return {"PriceList": [json.dumps(product)]}


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """AWS's price list, which knows two prices of eu-west-1 and nothing else."""
    session = Session(Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:9", "k", "s")))
    monkeypatch.setattr(pricing, "session_for", lambda _: session)
    monkeypatch.setattr(homes, "cache", lambda: tmp_path / "cache")
    return Stubber(session.client("pricing"))


def test_what_aws_is_asked_is_kept_for_every_command(
    file: Path, aws: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text('name = "acme-ml"\nregion = "eu-west-1"\n[[users]]\nname = "ada"\n', encoding="utf-8")
    known = {"Studio:CodeEditor-": answer("EU-Studio:CodeEditor-ml.t3.medium", "0.054")}
    known["Studio:VolumeUsage.gp3"] = answer("EU-Studio:VolumeUsage.gp3", "0.123")
    for service, usage in questions():
        filters = [
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1"},
            {"Type": "CONTAINS", "Field": "usagetype", "Value": usage},
        ]
        aws.add_response("get_products", known.get(usage, {}), {"ServiceCode": service, "Filters": filters})

    with aws:
        assert main.run(["cost", "--ask"]) == 0
        aws.assert_no_pending_responses()
    assert capsys.readouterr().err.startswith("2 prices of eu-west-1, of 20")
    assert main.run(["cost", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["unknown"], found["total"]["standing"], found["total"]["weekend"]) == ([], 2.46, 0.05)
    assert {line["price_source"] for line in found["lines"]} == {"AWS's price list, asked with pricing:GetProducts"}


def test_who_may_not_ask_is_told_what_is_missing_and_loses_nothing(
    file: Path, aws: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.add_client_error(
        "get_products",
        "AccessDeniedException",
        "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: pricing:GetProducts",
    )

    with aws:
        assert main.run(["cost", "--ask"]) == 1
    said = capsys.readouterr()
    assert '"Action": "pricing:GetProducts"' in said.err
    assert not (file.parent / "cache").exists()


@pytest.mark.usefixtures("aws", "file")
@pytest.mark.parametrize("content", ["", "[]", '{"as_of": "soon", "usd": {}}', '{"as_of": "2026-11-01", "usd": []}'])
def test_a_kept_answer_that_cannot_be_read_is_no_answer(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "cache" / "prices" / "us-east-1.json"
    place.parent.mkdir(parents=True)
    place.write_text(content, encoding="utf-8")

    assert main.run(["cost", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["standing"] == 6.0


@pytest.mark.usefixtures("aws", "file")
def test_only_newer_answers_take_the_tables_place_and_only_prices_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "cache" / "prices" / "us-east-1.json"
    place.parent.mkdir(parents=True)
    usd = {"volume": 0.2, "secret": -1, "key": True, "nonsense": 1}
    for as_of, total in (("2026-01-01", 6.0), ("2026-11-20", 10.4)):
        place.write_text(json.dumps({"as_of": as_of, "usd": usd}), encoding="utf-8")
        assert main.run(["cost", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["total"]["standing"] == total


@pytest.mark.parametrize(("command", "is_proposed"), [(("cost", "--ask"), False), (("status",), True)])
def test_a_rehearsal_is_proposed_only_where_there_is_one(
    command: tuple[str, ...], is_proposed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("studio.toml").write_text(FILE, encoding="utf-8")
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in (("HOME", str(tmp_path)), ("AWS_EC2_METADATA_DISABLED", "true")):
        monkeypatch.setenv(name, value)

    assert main.run(list(command)) == 1
    assert ("add --local to act on the emulator" in "".join(capsys.readouterr())) == is_proposed
