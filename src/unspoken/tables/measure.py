"""Tables of the `measure` stage beside the measurements."""

import dataframely as dy


class Groups(dy.Schema):
    """A group of subjects that a measurement pools: what a reader sees, and its members."""

    subject_id = dy.String(primary_key=True)
    model = dy.String(min_length=1)
    members = dy.List(dy.String())
