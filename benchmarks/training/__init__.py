"""How long an optimisation step takes, here and elsewhere: workloads, peers, and fair turns."""
