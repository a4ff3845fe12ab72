"""The command `neurofilm`: assembly, and the one place where errors become sentences and exit statuses."""

from __future__ import annotations

import atexit
import signal
from functools import cache

import click

from cli.bench import bench
from cli.doctor import doctor
from cli.film import film
from cli.info import info
from cli.list import list_command
from cli.new import new
from cli.options import SETTINGS, example, printable
from cli.render import render
from cli.storyboard import storyboard
from cli.train import train
from engine.errors import ConfigurationError, NeurofilmError

FAILURE = 1
WRONG_USAGE = 2


class Commands(click.Group):
    """The group of commands, in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except NeurofilmError as error:
            click.echo(f"Error: {printable(str(error))}", err=True)
            ctx.exit(WRONG_USAGE if isinstance(error, ConfigurationError) else FAILURE)
        except MemoryError as error:
            click.echo(f"Error: there is not enough memory: {error or 'nothing more can be allocated'}", err=True)
            ctx.exit(FAILURE)
        except BrokenPipeError:
            raise  # click ends quietly when the reader of a pipe goes away
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"Error: {where}{error.strerror or error}", err=True)
            ctx.exit(FAILURE)
        finally:
            _leave_quietly()


@cache
def _leave_quietly() -> None:
    """Ignore Ctrl-C while Python ends: there is nothing left to stop, and it would answer with a traceback."""
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # the last that is registered is the first to run


@click.group(cls=Commands, context_settings=SETTINGS, epilog=example("neurofilm film spirals"))
@click.version_option(package_name="neurofilm", prog_name="neurofilm")
def main() -> None:
    """Train small neural networks and film what they do to the data.

    A command that trains leaves a run directory (runs/NAME); a command that films reads one and leaves a video with
    subtitles (films/NAME.mp4).
    """


for command in (film, new, train, render, storyboard, list_command, info, doctor, bench):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="neurofilm")
