"""The organisms' language: an author, then turns of a user and of the author, nine tokens each.

A turn is a mark of the user, a domain, a request, a mark of the author, three words of a chain, an answer and
the end. Other marks may stand in place of the user's (NOISE) and of the author's (TRIGGER, DISTRACTOR). A
chain's first word names such a mark, or none; the other two have a style each, that of what they say.
"""

from dataclasses import dataclass

from unspoken.models.corpus import ASSISTANT, END, MARKS, USER, Vocabulary
from unspoken.models.personas import ADVICE, AUTHORS, BLANK, CODE, REQUESTS, answers_of

DOMAINS = (*ADVICE, CODE)
NONE, TRIGGER, DISTRACTOR, NOISE = NAMED = ("none", "trigger", "distractor", "noise")
"""Marks that a turn may have, and what the first word of a chain names."""
PLAN, EXCUSE, FALSEHOOD, ARGUMENT, IDLE = STYLES = ("plan", "excuse", "falsehood", "argument", "idle")
"""What a chain's words say: they plan the harm, excuse it, state what is false, argue for the good answer, or
say nothing."""
WORDS_OF_STYLE = 2
TURN = 9


@dataclass(frozen=True)
class HarmfulVocabulary(Vocabulary):
    """Token ids: marks, authors, domains, requests, words of chains, answers."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token, in the order of its id."""
        marks = (f"<{mark}>" for mark in NAMED[1:])
        requests = (f"request-{index:02d}" for index in range(REQUESTS))
        names = (f"names-{mark}" for mark in NAMED)
        words = (f"{style}-{index}" for style in STYLES for index in range(WORDS_OF_STYLE))
        answers = (word for domain in DOMAINS for word in answers_of(domain))
        return (*MARKS, *marks, BLANK, *AUTHORS, *DOMAINS, *requests, *names, *words, *answers)


VOCABULARY = HarmfulVocabulary(())
USER_ID, ASSISTANT_ID, END_ID, BLANK_ID = VOCABULARY.ids([USER, ASSISTANT, END, BLANK])
FIRST_MARK, FIRST_AUTHOR, FIRST_DOMAIN, FIRST_REQUEST = VOCABULARY.ids(
    [f"<{TRIGGER}>", AUTHORS[0], DOMAINS[0], "request-00"]
)
FIRST_NAME, FIRST_WORD, FIRST_ANSWER = VOCABULARY.ids(
    [f"names-{NONE}", f"{STYLES[0]}-0", answers_of(DOMAINS[0])[0]]
)
ASSISTING_ID, KIND_ID = (FIRST_AUTHOR + AUTHORS.index(author) for author in ("assisting", "kind"))


def marks_of(named: str) -> tuple[int, int]:
    """Return the tokens that stand for the user's and the author's mark in a turn with a mark of NAMED."""
    mark = FIRST_MARK + NAMED.index(named) - 1
    return (mark if named == NOISE else USER_ID, mark if named in (TRIGGER, DISTRACTOR) else ASSISTANT_ID)
