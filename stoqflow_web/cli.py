"""The `stoqflow` command. `run.py` makes the environment and passes everything on to it."""

import os
import sys
from pathlib import Path

import click

from stoqflow_web.commands import caring, running
from stoqflow_web.environment_file import load_environment_file


class Sentences(click.Group):
    """Ends with a sentence instead of a traceback when the reason is known."""

    def invoke(self, context: click.Context) -> object:
        from stoqflow_web.errors import StoqflowError

        try:
            return super().invoke(context)
        except StoqflowError as error:
            raise click.ClickException(error.sentence) from None
        except ValueError as error:
            # settings.py explains a setting it can't use so; anything else is a fault of ours and shows itself.
            if type(error) is not ValueError:
                raise
            raise click.ClickException(str(error)) from None


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Stoqflow: an order desk for sellers on bol.com.

    Settings come from the environment or from a file .env in this folder; .env.example explains them.
    """
    os.umask(0o077)  # the data folder holds the addresses of clients
    load_environment_file(Path(".env"))


main.add_command(running.demo)
main.add_command(running.run)
main.add_command(running.run, "up")
main.add_command(running.sandbox)
main.add_command(running.web)
main.add_command(running.worker)
main.add_command(running.scheduler)
main.add_command(caring.user)
main.add_command(caring.keys)
main.add_command(caring.db)
main.add_command(caring.doctor)
main.add_command(caring.prepare)


if __name__ == "__main__":
    sys.exit(main(prog_name="stoqflow"))
