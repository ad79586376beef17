"""NumPyro models and all that runs them.

`spec` says what to run, `problems` and `priors` what there is to choose from, `models`
the models themselves; `nuts` advances chains chunk by chunk, `worker` does so in a
worker process, and `runner` follows a run from the process that serves pages, which
imports no JAX. `summaries`, `predictive` and `record` make numbers, predictions and
files of the draws.
"""
