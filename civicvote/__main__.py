"""`python -m civicvote`."""

from civicvote.cli import main

main()
