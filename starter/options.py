"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Why = Annotated[str, typer.Option(help="A word for the meeting's timeline.", show_default=False)]
