"""The command line as a function."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from cli.main import main

Run = Callable[..., Result]


@pytest.fixture
def neurofilm() -> Run:
    """Run a command; an exception that it lets through is let through here."""
    return lambda *arguments: CliRunner().invoke(main, [str(word) for word in arguments], catch_exceptions=False)


@pytest.fixture
def succeeds(neurofilm: Run) -> Run:
    """Run a command that must end well."""

    def run(*arguments: object) -> Result:
        result = neurofilm(*arguments)
        assert result.exit_code == 0, result.output
        return result

    return run
