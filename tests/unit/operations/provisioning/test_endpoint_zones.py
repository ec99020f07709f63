"""Endpoints are put only where AWS has their services, and what has none is refused before the first change."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.errors import ConfigError
from studioctl.events import Noted
from studioctl.findings import Finding, Severity
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Blueprint
from studioctl.operations import emulation
from studioctl.operations.doctor.names import _named
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import endpoint_zones, preflight
from tests.fakes.aws import FakeSession, refused
from tests.fakes.work import done
from tests.remedies import claimed, made_from
from tests.unit.operations.conftest import REGION

STS, KMS = f"com.amazonaws.{REGION}.sts", f"com.amazonaws.{REGION}.kms"
EVERYWHERE = frozenset(f"{REGION}{letter}" for letter in "abcdef")


@dataclass
class Services:
    """EC2 in which services lack zones, and subnets of the environment may be there already."""

    zones: dict[str, frozenset[str]]
    subnets: tuple[str, ...] = ()
    denied: bool = False

    def get_paginator(self, operation: str) -> "Pages":
        return Pages(self, operation)

    def describe_availability_zones(self, **_: object) -> dict[str, Any]:
        return {"AvailabilityZones": [{"ZoneName": zone} for zone in sorted(EVERYWHERE, reverse=True)]}


@dataclass
class Pages:
    of: Services
    operation: str

    def paginate(self, *, Filters: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: N803 (AWS's name)
        if self.operation == "describe_subnets":
            return [{"Subnets": [{"AvailabilityZone": zone} for zone in self.of.subnets]}]
        if self.of.denied:
            raise refused("UnauthorizedOperation", "DescribeVpcEndpointServices", status=403)
        wanted = {name: self.of.zones.get(name, EVERYWHERE) for name in Filters[0]["Values"]}
        found = [{"ServiceName": name, "AvailabilityZones": sorted(zones)} for name, zones in wanted.items() if zones]
        return [{"ServiceDetails": found[:3]}, {"ServiceDetails": found[3:]}]


@dataclass
class FakeTerraform:
    blueprint: Blueprint


Make = Callable[..., Environment]


@pytest.fixture
def environment(emulator: RunningEmulator) -> Make:
    def make(services: Services, lines: str = "") -> Environment:
        text = (
            f'name = "acme-zones"\nregion = "{REGION}"\nusers = [{{ name = "ada" }}]\n[network]\naccess = "vpc-only"\n'
        )
        text += lines or 'internet = "none"\n'
        terraform: Any = FakeTerraform(blueprint.build(parse(text)))
        made = Environment(parse(text), emulation.target(emulator, REGION), terraform, source=Source("s.toml", text))
        session: Any = FakeSession({"ec2": services}, made.session)
        made.__dict__["session"] = session
        return made

    return make


def lacking(service: str, *letters: str) -> dict[str, frozenset[str]]:
    return {service: EVERYWHERE - {f"{REGION}{letter}" for letter in letters}}


def subnets(everything: Blueprint) -> dict[str, Any]:
    endpoints = [it for it in everything.resources() if it.type == "aws_vpc_endpoint"]
    return {it.label: it.arguments["subnet_ids"] for it in endpoints if "subnet_ids" in it.arguments}


def planned(made: Environment) -> list[str]:
    """The notes of a look, after which the blueprint knows."""
    work = preflight.check_named(made)
    notes: list[str] = []
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            if end.value:
                endpoint_zones.place(made, end.value)
            return notes
        assert isinstance(event, Noted)
        notes.append(event.message)


def test_a_zone_that_a_service_lacks_gets_no_endpoint_of_it(environment: Make) -> None:
    made = environment(Services(lacking(STS, "a", "f")))
    before = subnets(made.terraform.blueprint)

    assert planned(made) == [
        f"{STS} has no endpoint in {REGION}a: apps there reach it through another zone of the environment."
    ]
    after = subnets(made.terraform.blueprint)
    assert after["sts"] == (
        '${[for subnet in ["${aws_subnet.private_1}", "${aws_subnet.private_2}"] : subnet.id if'
        ' !contains(["us-east-1a"], subnet.availability_zone)]}'
    )
    assert {label for label in after if after[label] != before[label]} == {"sts"}
    (endpoint,) = [it for it in made.terraform.blueprint.resources() if it.address == "aws_vpc_endpoint.sts"]
    assert {"aws_subnet.private_1", "aws_subnet.private_2", "aws_vpc.studio"} <= made.terraform.blueprint.needed_by(
        endpoint
    )


@pytest.mark.parametrize("services", [Services({}), Services(lacking(STS, "c", "d"))], ids=["none", "elsewhere"])
def test_where_no_zone_of_the_environment_lacks_it_nothing_changes(environment: Make, services: Services) -> None:
    made = environment(services)
    before = made.terraform.blueprint

    assert planned(made) == []
    assert made.terraform.blueprint is before


def test_subnets_stay_in_the_zones_in_which_they_were_made(environment: Make) -> None:
    there = Services(lacking(STS, "a", "c"), subnets=(f"{REGION}b", f"{REGION}c"))

    assert planned(environment(there)) == [
        f"{STS} has no endpoint in {REGION}c: apps there reach it through another zone of the environment."
    ]


@pytest.mark.parametrize(
    ("lines", "services", "told"),
    [
        (
            'internet = "none"\navailability_zones = 2\n',
            lacking(STS, "a", "b", "c"),
            (
                f"s.toml:7: network.availability_zones: {STS} has endpoints in us-east-1d, us-east-1e, us-east-1f, and"
                " the environment's subnets are in us-east-1a, us-east-1b; write availability_zones = 4"
            ),
        ),
        (
            'internet = "none"\n',
            lacking(STS, *"abcdef"),
            (
                f"s.toml:6: network.internet: AWS offers no endpoint of {STS} in us-east-1;"
                ' write internet = "nat", with which no endpoint is needed'
            ),
        ),
        (
            'internet = "nat"\nendpoints = "all"\n',
            lacking(STS, *"abcdef"),
            f's.toml:7: network.endpoints: AWS offers no endpoint of {STS} in us-east-1; write endpoints = "needed"',
        ),
    ],
    ids=["no zone of ours", "not in the region", "all endpoints beside a gateway"],
)
def test_a_service_out_of_reach_is_refused(
    environment: Make, lines: str, services: dict[str, frozenset[str]], told: str
) -> None:
    made = environment(Services(services), lines)

    with pytest.raises(ConfigError) as refusal:
        done(preflight.check_named(made))
    assert refusal.value.message == told


HERE = "tests/unit/operations/provisioning/test_endpoint_zones.py"


def test_the_remedies_are_taken(environment: Make) -> None:
    far, nowhere = Services(lacking(STS, "a", "b", "c")), Services(lacking(STS, *"abcdef"))
    walked = set()
    for services, lines in (
        (far, 'internet = "none"\n'),
        (nowhere, 'internet = "none"\n'),
        (nowhere, 'internet = "nat"\nendpoints = "all"\n'),
    ):
        with pytest.raises(ConfigError) as refusal:
            done(preflight.check_named(environment(services, lines)))
        to_write = refusal.value.message.rpartition("; ")[2]
        for words in (refusal.value.message, to_write):
            walked |= made_from(words, "studioctl.operations.provisioning.endpoint_zones")
        printed = to_write.removeprefix("write ").partition(",")[0]
        key = printed.partition(" ")[0]
        others = [line for line in lines.splitlines() if not line.startswith(f"{key} =")]
        planned(environment(services, "\n".join([*others, printed, ""])))

    assert claimed(f"{HERE}::test_the_remedies_are_taken") == walked


def test_where_looking_is_denied_it_is_a_note(environment: Make) -> None:
    made = environment(Services({}, denied=True))
    before = made.terraform.blueprint

    (note,) = planned(made)
    assert note.startswith("Not looked at: the zones of endpoints. AWS refused DescribeVpcEndpointServices")
    assert made.terraform.blueprint is before


def found_by_the_doctor(made: Environment) -> list[Finding]:
    patient: Any = SimpleNamespace(wanted=made.config, session=made.session)
    return [each for each in _named(patient) if endpoint_zones.TITLE in each.message or STS in each.message]


def test_the_doctor_tells_a_service_out_of_reach_and_a_look_that_is_denied(environment: Make) -> None:
    (far,) = found_by_the_doctor(environment(Services(lacking(STS, "a", "b", "c"))))
    (nowhere,) = found_by_the_doctor(environment(Services(lacking(STS, *"abcdef"))))
    (denied,) = found_by_the_doctor(environment(Services({}, denied=True)))
    (well,) = found_by_the_doctor(environment(Services(lacking(STS, "a"))))

    assert (far.id, far.severity, far.remedy) == ("NAM005", Severity.ERROR, "write availability_zones = 4")
    assert far.key == ("network", "availability_zones")
    assert far.message.startswith(f"{STS} has endpoints in us-east-1d, us-east-1e")
    assert nowhere.key == ("network", "internet")
    assert nowhere.message == f"AWS offers no endpoint of {STS} in us-east-1"
    assert nowhere.remedy == 'write internet = "nat", with which no endpoint is needed'
    assert denied.severity == Severity.INFO
    assert denied.message.startswith("the zones of endpoints could not be looked at: AWS refused Describe")
    assert (well.severity, well.message) == (Severity.OK, "the zones of endpoints: as it has to be")
    assert not found_by_the_doctor(environment(Services(lacking(STS, *"abcdef")), 'internet = "nat"\n'))


def test_the_emulator_has_every_service_that_can_be_wanted(emulator: RunningEmulator) -> None:
    text = f'name = "acme-zones"\nregion = "{REGION}"\nusers = [{{ name = "ada", github = {{ username = "ada" }} }}]\n'
    text += "iam.per_user_roles = true\nstudio.remote_access = true\nencryption.customer_key = true\n"
    config = parse(text + '[network]\naccess = "vpc-only"\ninternet = "none"\n')
    terraform: Any = FakeTerraform(blueprint.build(config))
    made = Environment(config, emulation.target(emulator, REGION), terraform)

    assert planned(made) == []
    assert KMS in endpoint_zones.look(made.session, made.config).offered
