"""The `kdconsole` command."""

import sys


def main() -> None:
    from kdconsole.cli.app import run_command

    sys.exit(run_command())


if __name__ == "__main__":
    main()
