"""Table of the stages that train: `finetune` and `distill`."""

import dataframely as dy


class TrainingSteps(dy.Schema):
    """The mean loss of one subject over a stretch of steps."""

    subject = dy.String(primary_key=True)
    step = dy.Int64(primary_key=True, min=1)
    epoch = dy.Float64(min=0)
    loss = dy.Float64()
    objective = dy.String(min_length=1)
