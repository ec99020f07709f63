"""`studioctl start`."""

from studioctl.cli import options


def start(
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
    """Start the Code Editor or JupyterLab of a space, and wait until it is ready. Does nothing if it is running.

    You pay for the instance until it is stopped, or has been idle for as long as the file says.

    If an editor does not start because its volume is full or its .condarc is broken, start it with --recovery: its
    terminal reaches the files, and the next start is a normal one again.
    """
    from studioctl.cli import choose, context, starting
    from studioctl.operations.spaces import start_stop
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    account = context.account(config, local=local, env=env)
    start_stop.check_instance_type(account, instance_type)  # before a question
    found = start_stop.find(account, choose.space(account, space, terminal))
    work = start_stop.start(account, found, instance_type=instance_type, wait=wait, recovery=recovery)
    app = follow(work, terminal, verbose=verbose)
    flags = context.repeated(config, local=local, env=env)
    starting.tell(account, found, app, terminal, flags=flags, json=json)
