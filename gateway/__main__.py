"""`python -m gateway` is the same as `crossdock`."""

from gateway.cli import main

main()
