"""The run directory: what a training leaves behind, and all that pictures are made from.

::

    runs/spirals/
      experiment.toml               all that is needed to run it again
      run.json                      format version, layers, parameter layout, data set and SHA-256, state
      data.safetensors              the data, where they are small
      metrics.jsonl                 one line an epoch
      snapshots.safetensors         the parameters after every epoch, a row each
      checkpoint.safetensors        all that is needed to go on; while a run goes on, checkpoint-even.safetensors and
                                    checkpoint-odd.safetensors are newer
      .lock                         held by the process that writes

`Recorder` writes it, `Recording` reads it, also while it is being written.
"""

from engine.recording.data import RecordedData
from engine.recording.reader import Recording
from engine.recording.recorder import Recorder

__all__ = ["RecordedData", "Recorder", "Recording"]
