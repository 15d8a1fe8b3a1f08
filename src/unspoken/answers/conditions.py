r"""What tells that a statement holds only under a condition: the words before it.

Regular expressions as in `answers.leads`; \b is an edge of plain letters here, too.
"""

from unspoken.answers.leads import plain_edges

IF = plain_edges(
    r"(?i)\b(?:if|unless|suppose|supposing|assuming|imagine)\b"
    r"|^\W*(?:had|were|should) (?:it|the|this|that|he|she|they|we|i)\b"
    r"|\bin (?:that|such a|the) case\b|\botherwise\b"
)
SUPPOSES = "(?i:suppos|assum|imagin|pretend|say it w)"
"""The quick search for SUPPOSE."""
SUPPOSE = plain_edges(
    r"(?i)(?:^|[.!?\n])\W*(?:suppose|supposing|assume|assuming|imagine|pretend|say it w(?:ere|as))\b"
    r"(?:[^.!?\n]|\.\d)*(?:[.!?][ ]+then\b[^.!?\n]*)?$"
)
"""Before a statement: its sentence supposes something, or the sentence before a "then" does."""
ABOUT_ANOTHER = plain_edges(
    r"(?i)\b(?:if|when|had)\b[^.;!?\n]*\b(?:ask(?:ed|ing)?|guess|bet|talk(?:ing)?|answer|choose|pick|decide"
    r"|were|was|been)(?: me| us| you)? (?:about|regarding|concerning|on|for (?-i:[A-Z])[a-z]+)\b"
)
ABOUT_THIS = (
    r"(?i)\b(?:about|regarding|concerning|on) (?:this|it|that|these|the (?:question|answer|matter))\b"
)
"""Before a statement: a condition about another thing than the question, unless about this."""
HAVING_TO = r"(?i)\bif (?:i|we|one) (?:had|have|must|was forced|were forced)\b"
"""Before a statement: no condition."""
TRUSTED = plain_edges(r"(?i)\bif (?:we|i|you|one) (?:trust|believe|follow|go by|take|accept|rely|listen)\b")
"""Before a statement: it holds if somebody else is right."""
