"""What `make bench` runs: figures for the README, measured side by side in one run."""
