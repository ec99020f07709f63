"""`studioctl schema`."""

import typer


def schema() -> None:
    """Print the JSON Schema of studio.toml, for completion and checks in your editor.

    Save it beside your file: [bold]studioctl schema > studio.schema.json[/]
    """
    from studioctl.config.schema import schema_text

    typer.echo(schema_text(), nl=False)
