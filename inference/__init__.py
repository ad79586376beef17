"""NumPyro models and all that runs them.

`spec` says what to run, `problems` and `priors` what there is to choose from, `models`
the models themselves; `nuts` advances chains chunk by chunk, `worker` does so in a
worker process, and `runner` follows a run from the process that serves pages, which
imports no JAX. `summaries`, `predictive` and `record` make numbers, predictions and
files of the draws.
"""

import os

# Chains have threads of their own. BLAS's, for matrices of ten rows, wait for each
# other in circles: with a page and a browser on the same two cores the search for a
# mode took 90 ms of one core, instead of 8. Set before NumPy loads it, and inherited.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
