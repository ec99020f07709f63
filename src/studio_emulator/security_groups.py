"""Security groups as strict as AWS about their names and rules."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses import EC2Response

from studio_emulator.addresses import canonical

Permission = dict[str, Any]
# API reference, CreateSecurityGroup and IpRange: names and descriptions have the same characters.
TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
SAME = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
MOST_PORT, MOST_ICMP = 65535, 255
_HAS_PORTS = "Invalid value 'Must specify both from and to ports with {}.' for portRange."


class SecurityGroupBackend(EC2Backend):
    """EC2's security groups."""

    def create_security_group(
        self, name: str, description: str, vpc_id: str | None = None, *args: Any, **kwargs: Any
    ) -> SecurityGroup:
        """Its VPC is there, and its name and its description are made of few kinds of characters."""
        if not kwargs.get("is_default"):  # moto makes that one here, too
            _check_name(name)
            if vpc_id and vpc_id not in self.vpcs:
                raise EC2ClientError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
        if description and not TEXT.fullmatch(description):
            _invalid("GroupDescription", description)
        return super().create_security_group(name, description, vpc_id, *args, **kwargs)

    def authorize_security_group_ingress(
        self, *args: Any, **kwargs: Any
    ) -> tuple[list[SecurityGroupRule], SecurityGroup]:
        """A rule about a group has a description too, which moto forgets."""
        _check_rule(kwargs)
        _clear_host_bits(kwargs)
        return _described(kwargs, super().authorize_security_group_ingress(*args, **kwargs))

    def authorize_security_group_egress(
        self, *args: Any, **kwargs: Any
    ) -> tuple[list[SecurityGroupRule], SecurityGroup]:
        """The same as for ingress."""
        _check_rule(kwargs)
        _clear_host_bits(kwargs)
        return _described(kwargs, super().authorize_security_group_egress(*args, **kwargs))

    def revoke_security_group_ingress(self, *args: Any, **kwargs: Any) -> None:
        """Revoke a rule of the range without host bits, as it is kept."""
        _clear_host_bits(kwargs)
        super().revoke_security_group_ingress(*args, **kwargs)

    def revoke_security_group_egress(self, *args: Any, **kwargs: Any) -> None:
        """The same as for ingress."""
        _clear_host_bits(kwargs)
        super().revoke_security_group_egress(*args, **kwargs)

    def modify_security_group_rules(self, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        """Only rules about TCP and UDP have ports: moto wants them of all (API reference, ModifySecurityGroupRules)."""
        for new in rules.values():
            _check_protocol(new.get("IpProtocol"), new.get("FromPort"), new.get("ToPort"))
        group = self.get_security_group_by_name_or_id(group_id)
        portless = {rule_id for rule_id, rule in rules.items() if rule.get("IpProtocol") == "-1"}
        before = {rule_id: rule for rule_id in portless if group and (rule := group.get_rule(rule_id))}
        ports = {rule_id: (rule.from_port, rule.to_port) for rule_id, rule in before.items()}
        given = {i: {"FromPort": -1, "ToPort": -1, **rule} if i in portless else rule for i, rule in rules.items()}
        super().modify_security_group_rules(group_id, given)
        for rule_id, rule in before.items():
            rule.from_port, rule.to_port = ports[rule_id]

    def check_permissions(self, permissions: Sequence[Permission], *, egress: bool) -> None:
        """Everything about a request's permissions at once: AWS adds all of them or none."""
        seen: set[tuple[Any, ...]] = set()
        for permission in permissions:
            _check_rule(permission)
            group = self.get_security_group_by_name_or_id(permission["group_name_or_id"])
            rules = (group.egress_rules if egress else group.ingress_rules) if group else []
            existing = {_identity(rule) for rule in rules}
            for key in _identities(permission):
                if key in seen:
                    raise EC2ClientError("InvalidParameterValue", "The same permission must not appear multiple times")
                if key in existing:
                    raise EC2ClientError(
                        "InvalidPermission.Duplicate", f'the specified rule "{_told(key)}" already exists'
                    )
                seen.add(key)


class StrictEC2Response(EC2Response):
    """The wire of it, where one request may have several permissions."""

    def authorize_security_group_ingress(self) -> ActionResult:
        """All or none."""
        self._check_permissions(egress=False)
        return super().authorize_security_group_ingress()

    def authorize_security_group_egress(self) -> ActionResult:
        """All or none."""
        self._check_permissions(egress=True)
        return super().authorize_security_group_egress()

    def _check_permissions(self, *, egress: bool) -> None:
        backend = self.ec2_backend
        assert isinstance(backend, SecurityGroupBackend)  # noqa: S101 - install.py sees to it
        backend.check_permissions(list(self._process_rules_from_querystring()), egress=egress)


def _invalid(parameter: str, value: str, why: str = "") -> None:
    """AWS's own words where a source is named at the call, and for other alphabets: terraform-provider-aws#43854."""
    if not why and not value.isascii():
        why = "Character sets beyond ASCII are not supported."
    why = why or "Valid values are strings less than 256 characters from: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"  # assumed
    raise EC2ClientError("InvalidParameterValue", f"Value ({value}) for parameter {parameter} is invalid. {why}")


def _check_name(name: str) -> None:
    if name.startswith("sg-"):  # pulumi/pulumi-awsx#328
        _invalid("GroupName", name, "Group names may not be in the format sg-*.")
    if not TEXT.fullmatch(name):
        _invalid("GroupName", name)
    if name == "default":
        raise EC2ClientError("InvalidParameterValue", f"Cannot use reserved security group name: {name}")


def _check_rule(permission: Permission) -> None:
    _check_protocol(permission.get("ip_protocol"), permission.get("from_port"), permission.get("to_port"))
    for given in [*(permission.get("ip_ranges") or []), *(permission.get("source_groups") or [])]:
        description = given.get("Description") if isinstance(given, dict) else None
        if description and not TEXT.fullmatch(description):
            raise EC2ClientError(
                "InvalidParameterValue",
                "Invalid rule description. Valid descriptions are strings less than 256 characters from the following"
                " set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
            )


def _check_protocol(protocol: Any, from_port: Any, to_port: Any) -> None:
    """API reference, IpPermission. Words: aws/aws-sdk-go-v2#1203, aws/aws-cli#1066, terraform-provider-aws#1793."""
    if protocol is None:  # moto says this better
        return
    name = _protocol(protocol)
    given = [None if port is None else int(port) for port in (from_port, to_port)]
    if name in {"tcp", "udp"}:
        _check_ports(*given)
    elif name in {"icmp", "icmpv6"}:
        _check_icmp(name, *given)
    elif name != "-1" and not (name.isdecimal() and int(name) <= MOST_ICMP):
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")


def _check_ports(from_port: int | None, to_port: int | None) -> None:
    if from_port is None or to_port is None:
        raise EC2ClientError("InvalidParameterValue", _HAS_PORTS.format("TCP/UDP"))
    for which, port in (("from", from_port), ("to", to_port)):
        if not 0 <= port <= MOST_PORT:
            raise EC2ClientError("InvalidParameterValue", f"TCP/UDP ({which}) port ({port}) out of range")
    if from_port > to_port:  # Eucalyptus and OpenStack, which rebuilt this API, say so; the rest of it is assumed
        raise EC2ClientError("InvalidParameterValue", f"Invalid TCP/UDP port range ({from_port}:{to_port})")


def _check_icmp(name: str, kind: int | None, code: int | None) -> None:
    """Check ICMP's type and code, optional for ICMPv6. Words: terraform-aws-modules/terraform-aws-security-group#7."""
    if name == "icmp" and (kind is None or code is None):
        raise EC2ClientError("InvalidParameterValue", _HAS_PORTS.format("ICMP"))
    for which, value in (("type", kind), ("code", code)):
        if value is not None and not -1 <= value <= MOST_ICMP:
            raise EC2ClientError("InvalidParameterValue", f"ICMP {which} ({value}) out of range")


def _protocol(protocol: Any) -> str:
    name = str(protocol).lower()
    return SAME.get(name, name)


def _clear_host_bits(permission: Permission) -> None:
    for given in permission.get("ip_ranges") or []:
        if isinstance(given, dict):
            given.update({key: canonical(given[key]) for key in ("CidrIp", "CidrIpv6") if given.get(key)})


def _ends(protocol: str, from_port: Any, to_port: Any) -> tuple[int | None, int | None]:
    """Only some protocols have ports, or what stands for them."""
    has_ports = protocol in {"tcp", "udp", "icmp", "icmpv6"} and from_port is not None and to_port is not None
    return (int(from_port), int(to_port)) if has_ports else (None, None)


def _identities(permission: Permission) -> Iterator[tuple[Any, ...]]:
    """The traits by which each rule of a permission is the same as another one."""
    protocol = _protocol(permission.get("ip_protocol"))
    ends = _ends(protocol, permission.get("from_port"), permission.get("to_port"))
    sources = [
        canonical(str(given.get("CidrIp") or given.get("CidrIpv6"))) for given in permission.get("ip_ranges") or []
    ]
    sources += [str(given.get("GroupId") or given.get("GroupName")) for given in permission.get("source_groups") or []]
    sources += [str(given.get("PrefixListId")) for given in permission.get("prefix_list_ids") or []]
    yield from ((protocol, *ends, source) for source in sources)


def _identity(rule: SecurityGroupRule) -> tuple[Any, ...]:
    protocol = _protocol(rule.ip_protocol)
    source = rule.cidr_ipv4 or rule.cidr_ipv6 or rule.source_group.get("GroupId") or rule.prefix_list_id
    return (protocol, *_ends(protocol, rule.from_port, rule.to_port), str(source))


def _told(key: tuple[Any, ...]) -> str:
    """AWS's own form, seen in many public logs of Terraform."""
    protocol, from_port, to_port, source = key
    ports = "" if from_port is None else f", from port: {from_port}, to port: {to_port}"
    return f"peer: {source}, {'ALL' if protocol == '-1' else protocol.upper()}{ports}, ALLOW"


def _described(
    permission: Permission, added: tuple[list[SecurityGroupRule], SecurityGroup]
) -> tuple[list[SecurityGroupRule], SecurityGroup]:
    said = {
        given.get("GroupId"): given["Description"]
        for given in permission.get("source_groups") or []
        if given.get("Description")
    }
    for rule in added[0]:
        if description := said.get(rule.source_group.get("GroupId")):
            rule.ip_range["Description"] = description  # where moto keeps that of every rule
    return added
