"""`python -m mlvitals`."""

from mlvitals.cli import main

main(prog_name="mlvitals")
