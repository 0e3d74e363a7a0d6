"""The `kdconsole` command."""

import sys


def main() -> None:
    try:
        from kdconsole.cli.app import run_command

        sys.exit(run_command())
    except KeyboardInterrupt:  # ctrl-C while the program itself is being loaded
        sys.exit(130)


if __name__ == "__main__":
    main()
