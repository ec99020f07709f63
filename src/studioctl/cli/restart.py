"""`studioctl restart`."""

from studioctl.cli import options


def restart(
    space: options.Space = None,
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
    instance_type: options.InstanceType = None,
    recovery: options.Recovery = False,
    wait: options.Wait = True,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Stop a space's app and start it again, with new settings or on another instance type.

    Files are kept. Programs in the editor's terminals end.
    """
    from studioctl.cli import choose, context, starting
    from studioctl.operations.spaces import start_stop
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    account = context.account(config, local=local, env=env)
    start_stop.check_instance_type(account, instance_type)  # before a question
    found = start_stop.find(account, choose.space(account, space, terminal))
    work = start_stop.restart(account, found, instance_type=instance_type, wait=wait, recovery=recovery)
    app = follow(work, terminal, verbose=verbose)
    flags = context.repeated(config, local=local, env=env)
    starting.tell(account, found, app, terminal, flags=flags, json=json)
