"""Rules are whole: an id of one form, a reason, a remedy, a price, a page."""

import operator
import re

from studioctl.audit import least_privilege, rules
from studioctl.audit.examination import checkov_remedies
from studioctl.config.model import EnvironmentConfig

ALL = (*rules.RULES, *least_privilege.RULES)


def test_ids_are_unique_and_of_one_form() -> None:
    ids = [rule.id for rule in ALL]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"STUDIO-\d{3}|CS-[A-Z-]+", each) for each in ids)


def test_every_rule_says_why_what_to_do_what_it_costs_and_where_it_is_written() -> None:
    for rule in ALL:
        assert rule.why.endswith("."), rule.id
        assert rule.title, rule.id
        assert rule.remedy, rule.id
        assert rule.cost, rule.id
        assert rule.reference.startswith("https://"), rule.id


def test_every_key_is_one_of_the_file() -> None:
    keys = {rule.key for rule in ALL if rule.key} | {tuple(e["key"].split(".")) for e in checkov_remedies().values()}
    known = EnvironmentConfig.model_validate({"name": "acme-ml", "region": "us-east-1", "users": [{"name": "ada"}]})

    for key in keys:
        operator.attrgetter(".".join(map(str, key)))(known)  # raises for one that is not there


def test_checkovs_remedies_are_whole() -> None:
    assert all(entry.keys() == {"severity", "key", "remedy", "cost"} for entry in checkov_remedies().values())
