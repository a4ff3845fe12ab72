"""The `neurofilm` command: one file a command, shared options in `options`, assembled in `main`."""
