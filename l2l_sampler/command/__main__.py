"""The command line: `l2l-sampler`, or `python -m l2l_sampler.command`."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

import optuna

from l2l_sampler import __version__, explain
from l2l_sampler.command import policies, suggest

_EXPLAIN = "what the policy believes of an Optuna study"


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = _Parser(prog="l2l-sampler", description="A learned black-box optimizer.")
    top.add_argument("--version", action="version", version=f"l2l-sampler {__version__}")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("policies", help="the policies that are installed, and what each is for")
    card = commands.add_parser("card", help="how a policy was trained, and where it is weak")
    card.add_argument("name", metavar="NAME", help="a policy that `policies` lists")
    commands.add_parser("verify", help="compare the files of all policies with their hashes")
    suggest.add_arguments(
        commands.add_parser(
            "suggest",
            help="ask and tell over lines of JSON, for objectives that are no Python",
            description=suggest.DESCRIPTION,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    explained = commands.add_parser("explain", help=_EXPLAIN, description=_EXPLAIN)
    explained.add_argument("study", metavar="STUDY", help="its name")
    explained.add_argument("--storage", metavar="URL", required=True, help="where it is")
    explained.add_argument("--policy", metavar="NAME", help="(default: that of the study)")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; 1 if a file is damaged, 2 if the command is wrong."""
    made = parser()
    options = made.parse_args(arguments)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        match options.command:
            case "policies":
                print(policies.table())
            case "card":
                print(policies.card(options.name))
            case "verify":
                lines, damaged = policies.verified()
                print("\n".join(lines))
                return int(damaged)
            case "suggest":
                suggest.serve(suggest.session_of(options), sys.stdin, sys.stdout)
            case "explain":
                print(explain(_study(options.study, options.storage), options.policy))
    except BrokenPipeError:  # whoever read this has read enough
        sys.stderr.close()
    except (OSError, ValueError, TypeError) as error:
        made.error(str(error))
    return 0


def _study(name: str, url: str) -> optuna.Study:
    """A study of Optuna.

    Raises:
        ValueError: there is none, or the storage cannot be opened.
    """
    try:
        return optuna.load_study(study_name=name, storage=url)
    except KeyError as error:
        raise ValueError(f"there is no study {name!r} in {url}") from error
    except Exception as error:  # a storage's own errors are of its own kinds
        raise ValueError(f"{url} cannot be opened: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
