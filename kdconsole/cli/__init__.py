"""Typer commands: parse, call one function, print. stdout is data, stderr is narration; see `kdconsole.errors.ExitCode`."""
