"""A report says what is so, and its page is safe to open whoever wrote what is in it."""

import base64
import hashlib
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from studioctl import programs
from studioctl.audit.report import Report as Audited
from studioctl.config.load import load
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.blueprint import build
from studioctl.operations.costs.estimate import estimate
from studioctl.presentation.report_page import page, picture
from studioctl.report import facts, permissions, topology
from studioctl.report.compose import NOTHING, report
from studioctl.report.content import Report, Section, Table
from tests.environments import environment

TEAM: dict[str, Any] = {
    "users": [{"name": "ada"}, {"name": "grace", "push_images": False}],
    "iam": {"per_user_roles": True},
    "secrets": {"github": {"username": "bot"}},
}
HOSTILE = "<script>alert(1)</script>\" onload='x' &amp; </style>"
CUT_OFF = {"access": "vpc-only", "internet": "none"}
MANY = ' class="many"'
NOW = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)


def matrix(config: EnvironmentConfig) -> dict[str, tuple[str, ...]]:
    table = permissions.matrix(config, build(config))
    return {"": table.head[1:], **{first: tuple(others) for first, *others in table.rows}}


def test_with_a_role_for_each_nobody_reaches_others_files() -> None:
    found = matrix(environment(**TEAM))

    assert found == {
        "": ("ada", "grace"),
        "read own files in the bucket": ("yes", "yes"),
        "write own files in the bucket": ("yes", "yes"),
        "read others' files in the bucket": ("no", "no"),
        "write others' files in the bucket": ("no", "no"),
        "write shared files in the bucket": ("yes", "yes"),
        "start own spaces": ("yes", "yes"),
        "stop others' spaces": ("no", "no"),
        "open Studio as somebody else": ("no", "no"),
        "push images": ("yes", "no"),
        "delete images": ("no", "no"),
        "read the shared GitHub token": ("yes", "yes"),
        "change users and the domain": ("no", "no"),
        "change roles and policies": ("no", "no"),
    }


def test_with_one_role_all_read_all_files_and_share_a_column() -> None:
    found = matrix(environment(users=[{"name": "ada"}, {"name": "grace"}]))

    assert found[""] == ("each user",)
    assert found["read others' files in the bucket"] == ("yes",)
    assert found["stop others' spaces"] == ("no",)
    assert "read the shared GitHub token" not in found


def test_what_aws_policies_allow_is_not_made_up() -> None:
    found = matrix(environment(iam={"permissions": "managed"}))
    assert found["change users and the domain"] == (permissions.UNREAD,)


def test_what_a_statement_of_the_file_denies_is_denied() -> None:
    deny = {"effect": "Deny", "actions": ["s3:PutObject"], "resources": ["*"]}
    assert matrix(environment(iam={"extra_statements": [deny]}))["write own files in the bucket"] == ("no",)


@pytest.mark.parametrize(
    ("network", "says", "nodes"),
    [
        ({}, "SageMaker's own network", {"internet"}),
        ({"access": "vpc-only"}, "S3 through a gateway, and the internet through a NAT gateway", {"nat", "internet"}),
        (
            {"access": "vpc-only", "internet": "none"},
            "9 private endpoints and S3's gateway, and no internet",
            {"endpoints"},
        ),
    ],
)
def test_the_way_out_is_drawn_and_said(network: dict[str, str], says: str, nodes: set[str]) -> None:
    config = environment(network=network)
    drawn = topology.dot(config)

    assert says in topology.in_words(config)
    found = {name for name in ("nat", "internet", "endpoints") if re.search(rf"^ +{name} \[", drawn, re.MULTILINE)}
    assert found == nodes


def test_home_directories_are_reached_through_the_vpc() -> None:
    public = environment(users=[{"name": "ada"}])
    homeless = environment(users=[{"name": "ada"}], studio={"home_file_system": False})
    closed = environment(users=[{"name": "ada"}], network={"access": "vpc-only"})

    for drawn in (topology.dot(public), topology.standing(public)):
        assert 'thing_2 [label="Home directories"]' in drawn
        assert "vpc -> thing_2" in drawn
        assert "way -> thing_2" not in drawn
    assert "Home directories" not in topology.dot(homeless)
    assert "way -> thing_2" in topology.dot(closed)


def test_many_people_are_one_node() -> None:
    drawn = topology.dot(environment(users=[{"name": f"user-{number}"} for number in range(200)]))
    assert 'people [label="200 users"]' in drawn
    assert len(drawn.splitlines()) < 40


def test_graphviz_lays_it_out() -> None:
    svg = programs.laid_out(topology.dot(environment(**TEAM)), {"PATH": "/usr/bin:/bin"})
    drawn = picture(svg, "two people")

    assert drawn.startswith('<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="two people"')
    assert ">grace-editor</text>" in drawn


@pytest.mark.parametrize("name", ["team", "closed", "department"])
def test_on_a_telephone_it_stands_and_can_be_read(name: str) -> None:
    config = load(Path(f"examples/{name}.toml"))
    svg = programs.laid_out(topology.standing(config), {"PATH": ""})
    (width,) = re.findall(r'<svg width="([\d.]+)pt"', svg)
    assert float(width) <= 440 * 0.75  # points of a page of 440 pixels: at 390 letters keep nine tenths of their size
    assert all(f">{text}</text>" in svg for text in ("Data bucket", "Home directories"))


def test_without_graphviz_there_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert programs.laid_out("digraph {}", {"PATH": str(tmp_path)}) == ""


def test_a_picture_keeps_shapes_and_text_alone() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="x()" width="1pt">'
        '<script>x()</script><style>a{}</style><title>node</title><image href="http://evil/"/>'
        '<a xlink:href="javascript:x()"><text x="1" style="y">hi &amp; bye</text></a></svg>'
    )
    assert picture(svg, 'a "b"') == (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="a &quot;b&quot;" width="1pt">'
        '<text x="1">hi &amp; bye</text></svg>'
    )
    assert picture("<svg", "") == picture('<!DOCTYPE x [<!ENTITY a "b">]><svg/>', "") == ""


def test_what_is_kept_where_follows_the_file() -> None:
    rows = {row[0]: row[1:] for row in facts.kept(environment(**TEAM, encryption={"customer_key": True})).rows}

    assert rows["files in spaces"][1:] == ("the environment's KMS key", "no: it goes with the space")
    assert rows["the shared GitHub token"][0] == "Secrets Manager acme-ml/github"
    assert rows["state of Terraform"][0] == "the machine that runs studioctl, in .studioctl"
    assert "connections" not in rows
    assert "studies of workers" not in rows
    assert facts.database(environment(**TEAM)) == ()


def test_what_is_kept_in_the_database_of_studies_and_who_reaches_it() -> None:
    network, tuning = {"access": "vpc-only"}, {"database": "aurora-postgresql"}
    config = environment(network=network, tuning=tuning)
    rows = {row[0]: row[1:] for row in facts.kept(config).rows}
    assert rows["studies of workers"] == (
        "Aurora cluster acme-ml-tuning, with backups of 7 days",
        "an AWS-managed key",
        "yes, as a snapshot",
    )
    assert rows["the password of the database's first user"][2] == "no"
    reached, costs = facts.database(config)
    assert reached.startswith("Apps and jobs of this environment reach the database of studies, and nothing")
    assert costs == (
        "It has 4 ACU at most. It pauses after 5 minutes without a connection, and then costs storage alone."
    )
    awake = facts.database(environment(network=network, tuning={**tuning, "min_acu": 0.5}))
    assert awake[1] == "It has 4 ACU at most. It never pauses: at least 0.5 ACU are paid for in each hour."


def test_costs_are_said_or_are_unknown() -> None:
    by_whom, by_what = facts.costs(estimate(environment(**TEAM)))
    unknown = estimate(environment(region="eu-west-3"))

    assert by_whom.head == (
        "USD a month",
        "with no app running",
        "at 8 h a working day",
        "if nobody stops apps",
    )
    assert [row[0] for row in by_whom.rows] == ["ada", "grace", "everybody", "in all"]
    assert by_whom.rows[2] == ("everybody", "0.40", "0.40", "0.40")
    assert ("secret", "1 month", "0.40") in [(what.split()[0], much, sum_) for what, much, sum_ in by_what.rows]
    (alone,) = facts.costs(unknown)
    assert alone.rows == (("volume of a space", "20 GB-months", "unknown"), ("ml.t3.medium", "174 hours", "unknown"))
    assert "us-east-1" in facts.priced(estimate(environment()))
    assert facts.lacking(estimate(environment())) == ()
    (said,) = facts.lacking(unknown)
    assert said.startswith("No price is known in eu-west-3 for: ml.t3.medium, volume of a space. ")


def composed(left: list[str] | None = None, **given: Any) -> Report:
    config = environment(**(given or TEAM))
    audited = Audited("acme-ml", "us-east-1", "local", None, "studio.toml", ())
    versions = {"studioctl": "1.0"}
    return report(config, build(config), audited, versions, place="us-east-1", now=NOW, left=left)


def test_the_page_is_one_file_that_asks_nobody_and_runs_nothing() -> None:
    text = page(composed())
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in text
    assert not re.search(r"<script|<link|<img|<iframe|\son\w+=|style=|src=|url\(|@import", text)
    assert re.findall(r'href="([^"]*)"', text) == [f"#{anchor}" for anchor in re.findall(r'<h2 id="([^"]*)"', text)]


def test_whatever_is_in_a_report_is_text_on_its_page() -> None:
    table = Table((HOSTILE,), ((HOSTILE, HOSTILE),))
    section = Section(HOSTILE, (HOSTILE,), (table, Table((), (), HOSTILE)), svg="<svg/>", alt=HOSTILE)
    text = page(Report(HOSTILE, HOSTILE, (section,), proof=HOSTILE))

    assert "<script" not in text
    assert len(re.findall(r"</style>", text)) == 1
    assert "onload='x'" not in text


@pytest.mark.parametrize(
    ("left", "says"),
    [(None, None), ([], NOTHING), (["arn:aws:s3:::acme"], "Kept or left: 1 resource: arn:aws:s3:::acme")],
)
def test_after_a_down_it_says_what_is_left(left: list[str] | None, says: str | None) -> None:
    text = page(composed(left))
    assert (says is None and 'class="proof' not in text) or f">{says}</p>".replace("'", "&#x27;") in text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (TEAM, "The file gives each user a separate role. Each answer comes"),
        ({"users": [{"name": "ada"}, {"name": "eve"}]}, "The file gives all users one role. Each answer comes"),
        ({"users": [{"name": "ada"}]}, "Each answer comes"),
        ({"users": [{"name": "ada"}], "iam": {"per_user_roles": True}}, "Each answer comes"),
    ],
)
def test_whose_role_is_whose_is_what_the_file_says(given: dict[str, Any], says: str) -> None:
    (section,) = [section for section in composed([], **given).sections if section.title == "Permissions"]
    assert section.text[0].startswith(says)


def test_every_part_that_scrolls_has_its_own_name_and_the_keyboard() -> None:
    text = page(composed())
    regions = re.findall(r'<div class="wide" role="region" aria-label="([^"]*)" tabindex="0">', text)
    headings = re.findall(r"<h2 [^>]*>([^<]*)</h2>", text)

    assert len(regions) == text.count('class="wide"') >= 6
    assert len({*regions, *headings}) == len(regions) + len(headings)
    assert text.count("<svg") == 0  # none was laid out here


def test_a_phone_shows_the_rows_of_wide_tables_as_lists_and_paper_shows_tables() -> None:
    text = page(composed())
    head = r' role="table"><thead role="rowgroup"><tr role="row">\s*<th scope="col" role="columnheader">([^<]*)'
    many, few = (set(re.findall(f"<table{kind}{head}", text)) for kind in (MANY, ""))

    assert {"user", "what"} <= many
    assert "program" in few
    assert '<td class="yes" role="cell" data-label="kept by down">yes</td>' in text
    assert "@media screen and (max-width: 40rem) {" in text


@pytest.mark.parametrize("example", ["team", "closed"])
def test_on_a_telephone_no_arrow_crosses_the_title_of_a_part(example: str) -> None:
    graph = topology.standing(load(Path(f"examples/{example}.toml")))
    into_data = [line for line in graph.splitlines() if "-> thing_0" in line]

    assert len(into_data) == 1
    assert "lhead=cluster_data" in into_data[0]
    assert "ltail=cluster_people" in graph
    assert ("lhead=cluster_vpc" in graph) == (example == "closed")
