"""The machine on an NVIDIA GPU: the same programs, with loops and layers written for numba.cuda.

Nothing here is imported before a network computes on a GPU (see `engine.devices`).
"""
