"""`studioctl validate`."""

from studioctl.cli import options


def validate(config: options.Config = options.DEFAULT_CONFIG) -> None:
    """Check everything in the file that can be checked without AWS."""
    from studioctl.config.load import load
    from studioctl.config.notes import notes
    from studioctl.config.text import path
    from studioctl.infrastructure import blueprint
    from studioctl.operations.prices.priced import refuse_limits_without_prices
    from studioctl.operations.provisioning import network_costs
    from studioctl.presentation.console import Terminal

    environment = load(config)
    refuse_limits_without_prices(environment)
    resources = len(blueprint.build(environment).resources())
    users, spaces = len(environment.users), len(environment.resolved_spaces())
    terminal = Terminal()
    terminal.say(
        f"{config} is valid: '{environment.name}' in {environment.region}, "
        f"{users} user{'s' * (users > 1)}, {spaces} space{'s' * (spaces != 1)}, {resources} resources."
    )
    if costs := network_costs.told(environment):
        terminal.say(costs)
    if costs := network_costs.forgotten(environment):
        terminal.say(costs)
    for place, words in notes(environment):
        terminal.say(f"note: {path(place)}: {words}.")
