"""Rules of `[network]`: what goes together, and what cannot work without the internet."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from studioctl.config import lists
from studioctl.config.network import MOST_SUBNETS, OF_OUR_VPC, default_of
from studioctl.config.plain import list_in, table_in
from studioctl.config.text import Location, Violation

# An interface endpoint takes an address in each subnet, and at most so many are made (infrastructure/endpoints.py).
MOST_ENDPOINTS = 11
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DockerSettings.html
MOST_TRUSTED_ACCOUNTS = 20
# Hosts that are nowhere but in the internet; any other may well be in the VPC, or at the end of a VPN.
PUBLIC_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "huggingface.co", "ssh.dev.azure.com"})
# By these, programs find a proxy, and installers an index that is not the public one.
PROXY = {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"}
INDEX = {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "PIP_INDEX_URL"}
CHANNELS = {"channel_alias", "default_channels", "channels"}
# Regions in which services have other names for VPC endpoints, some one way and some another.
OTHERWISE_NAMED = ("cn-", "us-iso", "eu-iso", "eusc-")
WHY = 'needs the internet, and [network] internet is "none"'
BY_PROXY = 'name a proxy: environment = { HTTPS_PROXY = "..." } under [editor]'


def violations(data: Mapping[str, Any]) -> Iterator[Violation]:
    """Everything about the network that cannot be.

    Args:
        data: The file as plain dicts and lists, with the defaults of its sections filled in.
    """
    network = table_in(data, "network")
    yield from _of_one_access(network, table_in(data, "studio"))
    yield from _names_of_endpoints(network, str(data.get("region")))
    if network.get("vpc") is not None:
        yield from _existing(network)
    elif network.get("access") == "vpc-only" and network.get("endpoints") == "elsewhere":
        words = 'belongs to a VPC that exists; name it: vpc = { id = "vpc-..." }, or write endpoints = "needed"'
        yield ("network", "endpoints"), words
    yield from _docker(table_in(data, "studio"))
    if is_cut_off(network):
        yield from _out_of_reach(data)


def is_cut_off(network: Mapping[str, Any]) -> bool:
    """Whether `[network]` leaves no way to the internet."""
    return network.get("access") == "vpc-only" and network.get("internet") == "none"


def endpoint_addresses(network: Mapping[str, Any]) -> int:
    """The most addresses that private endpoints take in each subnet."""
    every = network.get("internet") == "none" or network.get("endpoints") == "all"
    return MOST_ENDPOINTS if network.get("access") == "vpc-only" and every else 0


def _docker(studio: Mapping[str, Any]) -> Iterator[Violation]:
    """Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-local-get-started.html."""
    is_rootless = studio.get("rootless_docker") is True
    if is_rootless and studio.get("docker") is False:
        yield (
            ("studio", "rootless_docker"),
            "is about Docker, and docker = false; delete this line, or write docker = true",
        )
    accounts, place = list_in(studio, "trusted_accounts"), ("studio", "trusted_accounts")
    if accounts and studio.get("docker") is False:
        yield place, "are accounts for Docker, and docker = false; delete this line, or write docker = true"
    if accounts and is_rootless:
        yield (
            place,
            "says nothing beside rootless_docker, which reaches whatever the VPC reaches; delete one of the two",
        )
    yield from lists.too_long(place, accounts, MOST_TRUSTED_ACCOUNTS, "a domain")
    yield from lists.repeated(place, accounts)


def _of_one_access(network: Mapping[str, Any], studio: Mapping[str, Any]) -> Iterator[Violation]:
    """Keys that say something with one `access` alone."""
    if network.get("access") != "public":
        if network.get("public_ips") is True:
            yield ("network", "public_ips"), 'belongs to access "public": the subnets are private; delete this line'
        return
    places: list[tuple[Location, bool]] = [
        (("network", "internet"), network.get("internet") == "none"),
        (("network", "endpoints"), network.get("endpoints") in ("all", "elsewhere")),
        (("studio", "trusted_accounts"), bool(list_in(studio, "trusted_accounts"))),
    ]
    for place, is_given in places:
        if is_given:
            yield place, 'belongs to access "vpc-only"; write access = "vpc-only" under [network], or delete this line'


def _names_of_endpoints(network: Mapping[str, Any], region: str) -> Iterator[Violation]:
    by_name = network.get("vpc") is None or network.get("internet") == "none"
    if network.get("access") == "vpc-only" and by_name and region.startswith(OTHERWISE_NAMED):
        words = f'needs endpoints, whose names in {region} are not known here; write access = "public", or name a VPC'
        yield ("network", "access"), f'{words} that has a way to the internet: vpc = {{ id = "vpc-..." }}'


def _existing(network: Mapping[str, Any]) -> Iterator[Violation]:
    for key in OF_OUR_VPC:
        if key in network and network[key] not in (default_of(key), "elsewhere"):
            yield ("network", key), "is about a VPC that studioctl makes, and vpc names one that exists; delete it"
    subnet_ids, place = list_in(table_in(network, "vpc"), "subnet_ids"), ("network", "vpc", "subnet_ids")
    if not subnet_ids and "subnet_ids" in table_in(network, "vpc"):
        yield place, f"is empty; write the ids of one to {MOST_SUBNETS} subnets"
    yield from lists.too_long(place, subnet_ids, MOST_SUBNETS, "a domain")
    yield from lists.repeated(place, subnet_ids)


def _out_of_reach(data: Mapping[str, Any]) -> Iterator[Violation]:
    """Find downloads that an editor's start would wait for in vain. AWS allows a start five minutes."""
    top = table_in(data, "editor")
    users = [user for user in list_in(data, "users") if isinstance(user, dict)]
    yield from _of_editor(("editor",), top, {})
    for index, user in enumerate(users):
        yield from _of_editor(("users", index, "editor"), table_in(user, "editor"), top)


def _of_editor(place: Location, editor: Mapping[str, Any], top: Mapping[str, Any]) -> Iterator[Violation]:
    variables = table_in(editor, "environment").keys() | table_in(top, "environment").keys()
    if variables & PROXY:
        return
    conda = table_in(editor, "conda").keys() | table_in(top, "conda").keys()
    if list_in(editor, "conda_packages") and not conda & CHANNELS:
        words = f'{WHY}; delete it, name your own channels: conda = {{ channels = ["..."] }}, or {BY_PROXY}'
        yield (*place, "conda_packages"), words
    if list_in(editor, "tools") and not variables & INDEX:
        words = f'{WHY}; delete it, name your own index: environment = {{ UV_DEFAULT_INDEX = "..." }}, or {BY_PROXY}'
        yield (*place, "tools"), words
    for key, instead in (("extensions", "write the https URL of a VSIX file in the VPC"), ("repositories", "")):
        for index, value in enumerate(list_in(editor, key)):
            if isinstance(value, str) and _is_public(value, by_default=key == "extensions"):
                yield (*place, key, index), f"{WHY}; delete it, {f'{instead}, ' if instead else ''}or {BY_PROXY}"


def _is_public(value: str, *, by_default: bool) -> bool:
    """Whether this leads to a host on the internet. A value without a host is looked up in a public registry."""
    host = re.match(r"(?:[a-z+]+://)(?:[^@/]*@)?([^:/]+)|(?:[^@/]+@)([^:/]+):", value)
    if host is None:
        return by_default
    name = (host[1] or host[2]).lower()
    return any(name == public or name.endswith(f".{public}") for public in PUBLIC_HOSTS | {"open-vsx.org"})
