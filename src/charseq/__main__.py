"""`python -m charseq` is `charseq`."""

from charseq.cli import main

main()
