"""`triage …`: one module a command, or some that belong together."""

import rich_click as click

from gateway.cli.triage import cases, evaluate, explain, models, signing, train


@click.group()
def triage() -> None:
    """What decides on exceptions: why it decided so, its models, and the cases that they learn from."""


for command in (
    explain.explain, models.models, models.verify, models.use, signing.sign, cases.cases,
    train.train, evaluate.evaluate,
):  # fmt: skip
    triage.add_command(command)
