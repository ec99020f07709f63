"""Cache what botocore creates again for each client of a service: once for each process of tests.

Its descriptions of the services are read once, and so are the methods of a client and the rules of its endpoints made:
they depend on the service alone. Half of what a small test does would be that.
"""

import functools
from collections.abc import Callable
from typing import Any, cast

import botocore.regions
import botocore.session
from botocore.client import ClientCreator


def remember() -> None:
    """From now on, in this process and in what is forked from it. Again, it changes nothing."""
    if hasattr(botocore.session.create_loader, "cache_info"):
        return
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    creator, regions = cast("Any", ClientCreator), cast("Any", botocore.regions)
    creator._create_methods = _methods(creator._create_methods)
    regions.EndpointProvider = _providers(regions.EndpointProvider)


def _methods(make: Callable[[Any, Any], dict[str, Any]]) -> Callable[[Any, Any], dict[str, Any]]:
    made: dict[tuple[str, str], dict[str, Any]] = {}

    def methods(self: Any, service_model: Any) -> dict[str, Any]:
        key = (service_model.service_name, service_model.api_version)
        if key not in made:
            made[key] = make(self, service_model)
        return dict(made[key])  # handlers add to it

    return methods


def _providers(make: Callable[..., Any]) -> Callable[..., Any]:
    made: dict[tuple[int, int, Any], tuple[Any, Any, Any]] = {}

    def provider(ruleset_data: Any, partition_data: Any, excluded_params: Any = None) -> Any:
        key = (id(ruleset_data), id(partition_data), frozenset(excluded_params or ()))
        if key not in made:  # what it was made from is kept, or its number could become another's
            made[key] = (ruleset_data, partition_data, make(ruleset_data, partition_data, excluded_params))
        return made[key][2]

    return provider
