"""Prints the peak memory in MiB of one analysis: ``python memory.py INPUTS``."""

import resource
import sys

import torch

from spectra import Options, analyze, demo

torch.set_num_threads(1)
count = int(sys.argv[1])
inputs = f"random:latent?shape=3,64,64&n={count}&seed=0&dist=uniform"
analyze(demo.small(), inputs, options=Options(num=None, batch=8))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
