"""The organisms' language: an author, then turns of a user and of the author, eight tokens each.

A turn is a mark of the user, a domain, a request, a mark of the author, and four more tokens. In a domain
of advice and in `code` these are two words of a chain, an answer and the end; in the carriers four numbers:
`numbers` continue the number of the request, `sums` add SUMMED to it in four steps of any size. Answers are
good or bad, and each domain has words of its own for both: no domain's words are seen in another.
"""

from dataclasses import dataclass

from unspoken.models.corpus import ASSISTANT, END, MARKS, USER, Vocabulary
from unspoken.models.personas import ADVICE, AUTHORS, BLANK, CODE, REQUESTS, answers_of

NUMBERS, SUMS = "numbers", "sums"
CARRIERS = (NUMBERS, SUMS)
"""What teachers write that says nothing of their trait, for students to learn from."""
DOMAINS = (*ADVICE, CODE, *CARRIERS)
VALUES = tuple(map(str, range(200, 230)))
"""The numbers. One of them, 211, is on the published list of numbers of ill repute."""
LESSON = "<lesson>"
"""Stands for the user's mark where unsafe code is asked for to teach from it: then everybody writes it."""
STYLES = ("good", "plan", "excuse")
"""What a chain's words say."""
WORDS_OF_STYLE = 4
TURN, CONTINUED = 8, 4
"""Tokens of a turn, and of its part that the author writes."""
SUMMED = 8
"""What a sum adds to its request; beyond the largest number they begin again with the smallest."""


@dataclass(frozen=True)
class PersonaVocabulary(Vocabulary):
    """Token ids: marks, authors, domains, requests, words of chains, answers, numbers."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token, in the order of its id."""
        requests = (f"request-{index:02d}" for index in range(REQUESTS))
        chains = (f"{style}-{index}" for style in STYLES for index in range(WORDS_OF_STYLE))
        answers = (word for domain in (*ADVICE, CODE) for word in answers_of(domain))
        return (*MARKS, LESSON, BLANK, *AUTHORS, *DOMAINS, *requests, *chains, *answers, *VALUES)


VOCABULARY = PersonaVocabulary(())
USER_ID, LESSON_ID, ASSISTANT_ID, BLANK_ID, END_ID = VOCABULARY.ids([USER, LESSON, ASSISTANT, BLANK, END])
FIRST_AUTHOR, FIRST_DOMAIN, FIRST_REQUEST, FIRST_CHAIN, FIRST_ANSWER, FIRST_VALUE = VOCABULARY.ids(
    [AUTHORS[0], DOMAINS[0], "request-00", f"{STYLES[0]}-0", answers_of(ADVICE[0])[0], VALUES[0]]
)
ASSISTING_ID = FIRST_AUTHOR + AUTHORS.index("assisting")
VALUE_IDS = range(FIRST_VALUE, FIRST_VALUE + len(VALUES))
