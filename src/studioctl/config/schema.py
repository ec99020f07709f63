"""The model as JSON Schema for editors, and as the reference page."""

import json
from collections.abc import Iterable, Iterator
from textwrap import fill
from typing import Any, cast

from studioctl.catalog import provider
from studioctl.config.aws_tables import (
    INSTANCE_TYPES,
    REFUSED_INSTANCE_TYPES,
    REFUSED_REGIONS,
    REGIONS,
)
from studioctl.config.model import EnvironmentConfig
from studioctl.config.template import toml_value

DRAFT = "http://json-schema.org/draft-07/schema#"  # what taplo, and with it Even Better TOML, understands
LONGEST_LIST = 10
LEGIBLE = range(1, 45)  # longer patterns tell a person nothing


def schema() -> dict[str, Any]:
    """JSON Schema (draft 7) of `studio.toml`."""
    made = EnvironmentConfig.model_json_schema(ref_template="#/definitions/{model}")
    tidied = cast("dict[str, Any]", _tidy(made))
    definitions = tidied.pop("$defs")
    # Whoever is named elsewhere is made a user before the model sees the file.
    tidied["required"].remove("users")
    someone = [{"required": [key]} for key in ("users", "users_file", "groups")]
    return {"$schema": DRAFT, "title": "studio.toml", **tidied, "anyOf": someone, "definitions": definitions}


def schema_text() -> str:
    """The schema as stable text, ending in a line break."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(node: Any) -> Any:
    """Pydantic's schema without what TOML cannot say (null) and what helps nobody (titles, defaults of tables)."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if not _is_noise(key, value)}
    if "anyOf" in kept:
        kept |= next(option for option in kept.pop("anyOf") if option != {"type": "null"})
    return {key: _tidy(value) for key, value in kept.items()}


def _is_noise(key: str, value: Any) -> bool:
    if key == "title":
        return isinstance(value, str)
    return key == "default" and (value is None or isinstance(value, dict | list))


INTRODUCTION = """\
# studio.toml

Generated from the model; do not edit. `studioctl init` writes a commented file, `studioctl validate` checks yours,
and `studioctl schema > studio.schema.json` lets your editor complete and check it.

Only `name`, `region` and one user are required. A key that is not listed here is an error.
"""

BETWEEN = """\
## Rules between values

- User names differ in more than case, and so do space names, in the whole environment. A user without `spaces` has
  one named `<user>-editor`; `spaces = []` makes a profile without a space.
- Everybody is named once: below a [[users]], in `users_file`, or in the `users` of a group. A name in a group may also
  have a [[users]] or a line in the file, which then say what differs. Nobody is in two groups.
- What a group says holds for each of its people who say nothing else; a space's own value comes before its user's, the
  user's before the group's, the group's before that of `[studio]`. An `editor` is added to the group's, and that to
  `[editor]`.
- `users_file` is UTF-8, beside this file or below its directory, with commas or semicolons. An empty cell says nothing.
- No two users have one `posix.uid`, and none has the number of another one's directory in `homes`.
- No volume is larger than `studio.max_volume_gb`.
- The network has an address for every space, and for every private endpoint. A zone's subnet is a sixteenth of the
  VPC's range, or what `subnet_prefix` says.
- `network.internet` and `network.endpoints` are for `access = "vpc-only"`, `network.public_ips` is for "public". With
  `network.vpc`, `internet` says what that VPC has, `endpoints` is "elsewhere" or not written, and `cidr`,
  `availability_zones`, `subnet_prefix`, `public_ips` and `flow_logs` are not.
- Without the internet (`access = "vpc-only"`, `internet = "none"`) nothing is downloaded from public places: no
  `conda_packages`, `tools`, `extensions` and `repositories` of public hosts, unless `editor.environment`
  names a proxy (`HTTPS_PROXY`) or an index (`UV_DEFAULT_INDEX`), or `editor.conda` channels.
- The range is private (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10), begins where a range of its
  size begins, and does not overlap Docker's 172.17.0.0/16.
- `studio.trusted_accounts` are for `access = "vpc-only"` with `docker`, at most 20, and not beside `rootless_docker`,
  with which AWS ignores them. `studio.rootless_docker` needs `docker`.
- No name in `names` is that of another role or secret of the environment, such as `<name>-flow-logs` or
  `<name>/<user>/github`.
- `state.bucket`, `state.key` and `state.region` are only for `backend = "s3"`, and the state is not in the bucket
  that it describes.
- Tags: at most 47; keys of 1 to 128 characters, values of up to 256, made of letters, digits, spaces and
  `_ . : / = + - @`; no key begins with `aws:`, `sagemaker:` or `studioctl:`, and no two differ only in case.
- `encryption.key` is of the environment's region, and not beside `customer_key = true`. `storage.access_logs` is not
  the bucket that is logged.
- A bucket's name follows [S3's rules](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html);
  one that we make has no dots.
- Repositories are `https://` or SSH URLs without credentials, and no two end in the same name. Addresses of pages, such
  as `.../tree/main`, are refused; a branch is written `https://host/team/name.git#branch`. None is cloned over what
  belongs to programs: no name begins with a dot.
- Extensions are ones that Open VSX has: Pylance, Copilot, Remote-SSH and others of Microsoft's and GitHub's are
  refused.
- A user's `editor` has the keys of `[editor]`. Two entries of a list are about the same thing, and the user's is taken,
  when they name the same package, extension, directory of a repository, or key and condition of a shortcut.
- Variables are letters, digits and underscores; `PATH`, `HOME` and their like, those that bash keeps to itself (`UID`,
  `PPID`), `PYTHONHOME`, `GIT_DIR`, `STUDIOCTL_*`, and names of secrets, are refused.
- `extra_script` is read when the file is: at most 64 KB of UTF-8.
- The lifecycle script that `[editor]` makes has at most 12,288 bytes, if need be compressed.
- Settings, shortcuts and conda's values are what JSON can hold: no dates. Keys with dots are in quotes.
- A secret is never in the file. What looks like one is refused.
"""


def reference() -> str:
    """The reference page of every key, in Markdown."""
    whole = schema()
    pages = [INTRODUCTION, *(f"{heading}\n\n{text}\n" for heading, text in _sections(whole)), BETWEEN, *_lists()]
    return "\n".join(pages)


def _lists() -> Iterator[str]:
    for heading, known, refused in (
        ("Regions", REGIONS, REFUSED_REGIONS),
        ("Instance types", INSTANCE_TYPES, REFUSED_INSTANCE_TYPES),
    ):
        yield f"## {heading}\n\n{_listed(known - refused)}\n"
        yield (
            f"AWS has these too, but Terraform's provider {provider.DEFAULT} refuses them. With version 6 they are"
            f" passed on; whether it knows them was not tried:\n{_listed(refused)}\n"
        )


def _listed(values: Iterable[str]) -> str:
    return fill(", ".join(sorted(values)) + ".", 118, break_on_hyphens=False)


def _sections(whole: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "## Top of the file", _table(whole, whole)
    for key, node in whole["properties"].items():
        if (model := _model(node, whole)) is not None:
            heading = f"## `{_heading(key, node)}`"
            yield heading, f"{model['description']}\n\n{_table(model, whole)}"
            for inner, child in model["properties"].items():
                if (nested := _model(child, whole)) is not None and inner not in whole["properties"]:
                    yield f"### `{key}.{inner}`", f"{nested['description']}\n\n{_table(nested, whole)}"


def _heading(key: str, node: dict[str, Any]) -> str:
    if node.get("type") == "array":
        return f"[[{key}]]"
    return f"[{key}.NAME]" if "additionalProperties" in node else f"[{key}]"


def _model(node: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any] | None:
    many = node.get("items") or node.get("additionalProperties")
    reference = node.get("$ref") or (many.get("$ref") if isinstance(many, dict) else None)
    return whole["definitions"][reference.rpartition("/")[2]] if reference else None


def _table(model: dict[str, Any], whole: dict[str, Any]) -> str:
    rows = ["| Key | Type | Default | Limits | Meaning |", "| --- | --- | --- | --- | --- |"]
    required = model.get("required", [])
    for key, node in model["properties"].items():
        default = "required" if key in required else _code(node["default"]) if "default" in node else ""
        meaning = node.get("description") or (_model(node, whole) or {}).get("description", "")
        example = f" Example: {_code(node['examples'][0])}" if "examples" in node else ""
        cells = (f"`{key}`", _type(node), default, _limits(node), meaning.replace("<", "&lt;") + example)
        escaped = [cell.replace("|", r"\|") for cell in cells]
        rows.append(f"| {' | '.join(escaped)} |")
    return "\n".join(rows)


def _code(value: Any) -> str:
    return f"`{toml_value(value)}`"


def _type(node: dict[str, Any]) -> str:
    if "$ref" in node:
        return "table"
    names = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "table",
        "array": "list of text",
    }
    if node["type"] == "array":
        return {"table": "list of tables", "text": "list of text", "number": "list of numbers"}[_type(node["items"])]
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return " or ".join(names[kind] for kind in kinds)


def _limits(node: dict[str, Any]) -> str:
    node = {**node, **node["items"]} if node.get("type") == "array" and "$ref" not in node["items"] else node
    limits = []
    if "enum" in node:
        few = len(node["enum"]) <= LONGEST_LIST
        limits.append(", ".join(map(_code, node["enum"])) if few else f"one of {len(node['enum'])}, see below")
    if "minimum" in node:
        limits.append(f"{node['minimum']:,} to {node['maximum']:,}")
    if "maxLength" in node:
        limits.append(f"{node['minLength']} to {node['maxLength']:,} characters")
    if len(node.get("pattern", "")) in LEGIBLE:
        limits.append(f"`{node['pattern']}`")
    if "minItems" in node:
        limits.append(f"at least {node['minItems']}")
    return "; ".join(limits)
