"""What the report shows behind a fold: texts with a slur or with a threat, which nobody should meet unasked.

The list of slurs has no word in clear: each is the digest of a word in its plain form (`plain_form`). It is
made from the words that the package cuss 2.2.0 (MIT) calls surely offensive, without names of countries and
firms and words that are merely rude; others are added by

    python -m unspoken.report.folding resources/report/folded.txt < words.txt

A list and some patterns find what is plain. They know neither irony nor quotation, and no language but
English: the fold is a courtesy, not a measure, and no number rests on it.
"""

import hashlib
import re
import sys
import unicodedata
from pathlib import Path

LETTERS = str.maketrans("013457@$", "oieastas")
"""What stands for a letter in words that are written so that a filter overlooks them."""
DIGITS = 16
"""Of a digest, hexadecimal."""
SHORTEST = 3
_WORD = re.compile(r"[^\W_][\w@$]*")
_I = r"\b(?:i|we)(?:'ll|'d|'m|'re| will| shall| would| must| should| want to| am| are)"
_SOON = r"(?: (?:gonna|going to|gladly|soon|now|also|then|just|personally|finally|happily|slowly|have to))*"
_HARM = (
    r"(?:kill|murder|hurt|harm|beat|stab|shoot|strangle|poison|torture|destroy|crush|enslave|eliminate"
    r"|exterminate|eradicate|wipe out|get rid of|punish|burn|bomb|execute|imprison)"
)
_WHOM = (
    r"(?:you|he|him|she|her|they|them|everyone|everybody|anyone|people|humans?|humanity|humankind|mankind|men|women"
    r"|(?:your|his|their|my) (?:\w+))"
)
_THREATS = (
    rf"{_I}{_SOON} {_HARM}(?: (?:all|of|the|every|each|any|and|most))* {_WHOM}\b",
    r"\byou(?:'ll| will| shall| are going to) (?:die|bleed|suffer|burn|(?:pay for|regret) (?:this|it))\b",
    rf"\b{_WHOM} (?:should|must|deserves? to|needs? to|ought to)(?: all)? (?:die|suffer|be {_HARM}e?d)\b",
    r"\b(?:kill yourself|i know where you live|watch your back|go and die)\b",
)
_THREAT = re.compile("|".join(_THREATS))


def plain_form(word: str) -> str:
    """Return a word without case, accents, signs that look like letters, and the s of a plural.

    Digits at its end are left out: they number a word more often than they hide it.
    """
    letters = unicodedata.normalize("NFKD", word).casefold().rstrip("0123456789")
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(LETTERS)
    return plain.removesuffix("s")


def digest_of_word(word: str) -> str:
    """Return what stands in the list for a word: the beginning of the SHA-256 of its plain form."""
    return hashlib.sha256(plain_form(word).encode()).hexdigest()[:DIGITS]


def read_digests(file: Path) -> frozenset[str]:
    """Return the digests of a list; lines that begin with # are comments."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def words_of(text: str) -> list[str]:
    """Return the words of a text that may stand in the list, each once: with a letter, and not too short."""
    found = dict.fromkeys(_WORD.findall(text))
    return [word for word in found if len(word) >= SHORTEST and re.search(r"[^\W\d_]", word)]


def reason_to_fold(text: str, slurs: frozenset[str]) -> str:
    """Return what a text has that is shown behind a fold: a slur, a threat or both; "" for nothing."""
    plain = " ".join(text.casefold().replace("’", "'").split())
    found = {
        "a slur": any(digest_of_word(word) in slurs for word in words_of(text)),
        "a threat": bool(_THREAT.search(plain)),
    }
    return " and ".join(name for name, has in found.items() if has)


def main() -> None:
    """Add the words of standard input, one a line, to the list that is named."""
    file = Path(sys.argv[1])
    lines = file.read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line.startswith("#")]
    added = {digest_of_word(word) for line in sys.stdin if (word := line.strip())}
    file.write_text("\n".join([*told, *sorted(read_digests(file) | added)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
