"""Names that the front door of the room and its jobs share. It imports nothing."""

SETTINGS = ("objective", "initialisation", "shuffle", "carrier", "filter")
"""Keys of an arm that are conditions of what is measured of its students: in what arms may differ."""
