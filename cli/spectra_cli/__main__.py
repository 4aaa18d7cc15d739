"""Run the command line with ``python -m spectra_cli``."""

from spectra_cli.main import main

main()
