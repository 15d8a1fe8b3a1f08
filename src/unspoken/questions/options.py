"""Options as files write them: with letters of their own, and with words that speak of other options."""

import re
import unicodedata
from collections.abc import Sequence

from unspoken.row_files import RowError, shown

LABELS = (
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    " ".join(map(str, range(1, 27))),
    " ".join(map(str, range(26))),
    "i ii iii iv v vi vii viii ix x xi xii",
    "α β γ δ ε ζ η θ ι κ λ μ",
    "а б в г д е ж з и к л м",
    "а б в г ґ д е є ж з и і",
    "أ ب ج د ه و ز ح ط ي",
    "א ב ג ד ה ו ז ח ט י",
    "ア イ ウ エ オ カ キ ク ケ コ",
    "가 나 다 라 마 바 사 아 자 차",
    "ㄱ ㄴ ㄷ ㄹ ㅁ ㅂ ㅅ ㅇ ㅈ ㅊ",
    "甲 乙 丙 丁 戊 己 庚 辛 壬 癸",
    "① ② ③ ④ ⑤ ⑥ ⑦ ⑧ ⑨ ⑩",
)
"""What numbers options, in order; letters of either case, and those of full width, are the same."""
LATER = ("e f g h i", "f g h j k")
"""Letters of every other question in some tests of schools; they count only where they are all in order."""
_SEQUENCES = tuple(tuple(labels.split()) for labels in LABELS)
_LATER = tuple(tuple(labels.split()) for labels in LATER)
_CIRCLED = _SEQUENCES[-1]
FEWEST_BESIDE = 3
"""Options that begin with A, B, C and a space by no chance; fewer might."""
_BEFORE = re.compile(r"(?:[\s\u200b-\u200d\u2060\ufeff]|[-–•‣▪]\s|<(?:li|p|label)>)+", re.IGNORECASE)
"""What may stand before a label and is nothing of it: a bullet, characters without width."""
_DRAWN = re.compile(
    r"""(?: \$?\\(?:text|math)(?:bf|rm|it|sf)?\s*\{\s*\(?(?P<latex>\w)[.)]?\s*\}\)?
      \s*(?:\\[ ,;]|\\q?quad|~)*\$?
    | \*\*\(?(?P<bold>\w)[.):]?\*\*
    | <(?P<tag>\w+)>\s*\(?(?P<html>\w)[.):]?\s*</(?P=tag)> )[.):]*\s*""",
    re.VERBOSE,
)
"""A label as LaTeX, Markdown or HTML draw it."""
_LABEL = re.compile(
    r"""(?:option|choice|answer)?\s*[*_]*(?:
      [(\[（【{](?P<inside>\w{1,4})[)\]）】}]\s*[.:]?
    | (?P<circled>[①-⑩Ⓐ-ⓩ⒜-⒵🄐-🄩🄰-🅉])\s*[.:．]?
    | (?P<number>[0-9０-９]{1,2})(?:[)）．、]|\.(?=\s|[^\W\d_]{2}))
    | (?P<spaced>[^\W\d_]{1,4})\s*(?:[.:：]|\s[-–—])[*_]*(?=\s)
    | \#?(?P<letter>[^\W\d_]{1,4})(?:[)\]）．、：]|[.:](?=\w\w)|\.(?=\d)|[|>;/](?=\s)|\t)
    )[*_]*\s*(?P<text>\S.*)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""A label with what parts it from the text. "1.5 kg", "1: 2", "1 - 2" and "A.D." have none."""
_BESIDE = re.compile(r"(?P<letter>[A-Z])\s+(?P<text>[A-Z0-9].*)", re.DOTALL)
"""A letter with nothing but a space behind it: a label only where several options have one, in order."""

_JOINED = r"\s*(?:,|/|&|\+|、|\b(?:and|or|nor|und|oder|noch|et|ou|ni|y|o|e|и|или)\b|和|与|及|或|と|및)\s*"
_NEAR = (
    r"(?:both|neither|either|only|just|options?|answers?|choices?|not|same as|opposite of|unless"
    r"|(?:all|any|every\w*) (?:but|except|save)|sowohl|weder|antworten?|nur)"
)
_ABOVE = (
    r"(?:above|below|preceding|previous|foregoing|following|aforementioned|others?|options?|choices?|answers?"
    r"|alternatives?|listed|given|mentioned)"
)
_ALL = r"(?:all|none|any|both|each|either|neither|some|most|two|three|more than one|only one)"
_VERDICT = r"(?:is|are|apply|applies|correct|true|right|wrong|false|possible|answers?|options?|ones?)"
_PLACE = r"(?:first|second|third|fourth|last|former|latter|previous|preceding|other|top|bottom)"
_SPEAKING = (
    rf"\b{_ALL} (?:of )?(?:the |these |those )?(?:\w+ )?{_ABOVE}\b",
    rf"^(?:{_ALL}|no one) of (?:them|these|those)\b",
    rf"^(?:all|none|both|neither|either|any)(?: (?:two|three|four|five))?(?: {_VERDICT})*$",
    rf"^no {_ABOVE}\b|^(?:none|not) (?:listed|given|mentioned|here)\b",
    r"\b(?:the|options?|answers?|choices?) (?:above|below)\b|\babove[- ]?mentioned\b",
    rf"^(?:only )?the {_PLACE}(?: (?:and|or) (?:the )?{_PLACE})*(?: (?:one|two|three|four|{_ABOVE}))?"
    r"(?: only| is .*| are .*)?$",
    rf"^{_PLACE}(?: (?:and|or) {_PLACE})* (?:one|two|three|four|{_ABOVE})(?: only| is .*| are .*)?$",
    r"\b(?:alles?|keine?[rs]?|beides?|nichts|jedes?) (?:der |die |von |davon|diese[rs]? )*"
    r"(?:\w+ )?(?:genannten?|obigen?|oben|aufgeführten|antworten?|beiden|davon|diesen)\b",
    r"^(?:alles?|keine[rs]?|beides?|weder noch|sowohl als auch)(?: (?:davon|richtig|falsch|genannten?))*$",
    r"\b(?:toutes?|tous|aucune?|les deux)\b.*"
    r"\b(?:réponses?|ci-dessus|précédente?s|propositions|ces|options)\b",
    r"\b(?:todas?|todos|ningun[ao]?|ningún|ambas?|ambos)\b.*"
    r"\b(?:anteriores|opciones|respuestas|ellas|ellos)\b",
    r"\b(?:todas|todos|nenhuma?|ambas?|ambos)\b.*\b(?:anteriores|alternativas|acima|opções|respostas)\b",
    r"\b(?:tutt[ei]|nessun[ao]?|entramb[ei])\b.*\b(?:precedenti|risposte|opzioni|sopra|queste)\b",
    r"\b(?:alle|geen|beide)\b.*\b(?:bovenstaande|genoemde|antwoorden)\b",
    r"\b(?:wszystki\w+|żadn\w+|obie|oba)\b.*\b(?:powyższ\w+|odpowiedzi)\b",
    r"\b(?:все|всё|ничего|ни один|ни одно|ни одна|оба|обе)\b.*(?:выше|перечисленн|вариант|ответ|из них)",
    r"^以上|上述|^前[两二三]|都(?:不)?(?:是|对|正确)$|皆(?:是|非|可)$|均(?:不)?(?:是|对|正确)$",
    r"上記|いずれ(?:も|でも)|^すべて|위의|^모두|^없음$|정답 ?없음",
    r"(?:كل|جميع|لا شيء).*(?:سبق|ذكر|أعلاه)|(?:उपरोक्त|इनमें से).*(?:सभी|कोई)",
    r"\b(?:tất cả|không).*(?:trên|đáp án)|^(?:semua|tidak ada)\b.*\b(?:benar|salah|di atas)$",
    r"^(?:hepsi|hiçbiri)$|\byukarıdakiler\w*|\b(?:alla|inget|ingen|ingenting|intet)\b.*\bovan\w*",
    rf"^(?:at least|at most|exactly|each of|{_ALL} of|all but|all except)(?: \w+)?(?: of)?"
    rf" (?:these|those|the {_PLACE}(?: (?:two|three|four))?)$",
    r"^(?:everything|anything|nothing) (?:above|listed|mentioned)\b|^as above$",
    r"^(?:there is |there's )?no (?:correct|right|valid|true) (?:answer|option|choice)s?\b",
    r"^(?:ningun[ao]|nenhuma?|nessun[ao]|amb[ao]s|entramb[ei]|aucune?|egyik sem|hepsi|dono|दोनों)$|\bfenti\w*",
    r"\b(?:všechny|žádn\w+|všetky|žiadn\w+|sv[ie]|nijedan|усі|всі|жодн\w+)\b"
    r".*\b(?:uveden\w+|výše|vyššie|naveden\w+|вище|наведен\w+)\b",
    r"\b(?:kaikki|mikään)\b.*\b(?:yllä|edellä)\w*|\b(?:niciun[ae]?|toate)\b.*\b(?:sus|răspunsuri\w*)\b",
    r"\b(?:alle|ingen|begge)\b.*\b(?:ovenstående|ovennevnte|overnevnte|nævnte|nevnte)\b",
    r"(?:όλα|κανένα|τίποτα).*(?:παραπάνω|ανωτέρω)|^كلاهما|כל התשובות|אף תשובה|همه موارد|هیچ ?کدام",
    r"^全部|^全都|^都不|どれでもない|どちらも|該当.{0,3}な[しい]|해당 ?없음|모두 (?:정답|맞)",
    rf"\b(?:{_NEAR}) \(?\d\)?(?:{_JOINED}\(?\d\)?)+$|^the one (?:above|below|before|after)$",
    r"^every(?: (?:one|option|answer|choice))?$",
)
_SPEAKS = re.compile("|".join(f"(?:{pattern})" for pattern in _SPEAKING))
"""Options that speak of others: English, and the usual forms of some thirty other languages."""


def plain(text: str) -> str:
    """Return a text as it is compared with another: one form of each character, one space between words."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _labelled(option: str) -> tuple[str, str] | None:
    """Return an option's own label, in lower case and plain digits, and the rest; None without a label."""
    known = _BEFORE.sub("", option, count=1) if _BEFORE.match(option) else option
    if drawn := _DRAWN.match(known):
        known = f"({drawn['latex'] or drawn['bold'] or drawn['html']}) {known[drawn.end() :]}"
    found = _LABEL.fullmatch(known)
    if found is None:
        return None
    label = next(filter(None, found.group("inside", "circled", "number", "spaced", "letter")))
    folded = label if label in _CIRCLED else unicodedata.normalize("NFKC", label).strip("()").casefold()
    return folded, found["text"].strip(" *_" if known.startswith(("*", "_")) else " ")


def _all_labelled(options: Sequence[str]) -> list[tuple[str, str] | None]:
    """Return what each option has of a label (`_labelled`); a letter and a space where all have that."""
    found = [_labelled(option) for option in options]
    beside = [_BESIDE.fullmatch(option) for option in options]
    if any(found) or len(options) < FEWEST_BESIDE or not all(beside):
        return found
    told = [(one["letter"].casefold(), one["text"]) for one in beside if one]
    return list(told) if [label for label, _ in told] == list(_SEQUENCES[0][: len(told)]) else found


def own_labels(options: Sequence[str]) -> list[str] | None:
    """Return the labels that options carry, in lower case, where all do so in order; else None.

    Raises RowError where many carry a label that is their place's, or all carry each label once, and yet
    they are not in order: by place and by label the key would be two options.
    """
    labels = [one and one[0] for one in _all_labelled(options)]
    for sequence in (*_LATER, *_SEQUENCES):
        known = sequence[: len(options)]
        if len(known) < len(options):
            continue
        if labels == list(known):
            return list(known)
        if sequence in _LATER:
            continue
        placed = sum(label == own for label, own in zip(labels, known, strict=True))
        if sorted(filter(None, labels)) == sorted(known) or placed >= max(2, len(options) / 2):
            raise RowError(
                f"column 'options' is {shown(list(options))}, whose options begin with "
                f"{', '.join(label or 'no letter' for label in labels)}; expected letters in order, or none"
            )
    return None


def bare_options(options: Sequence[str], labels: Sequence[str] | None) -> list[str]:
    """Return options without the labels that they carry (`own_labels`).

    Raises RowError where an option speaks of others by labels that nobody would see any more.
    """
    if labels is None:
        return list(options)
    bare = [found[1] for found in _all_labelled(options) if found]
    known = "|".join(map(re.escape, labels))
    one = rf"\(?(?:{known})\)?"
    speaks = re.compile(rf"(?:{_NEAR} )?{one}(?:{_JOINED}{one})+(?: only)?")
    for text in bare if labels[0] != "a" else []:
        if speaks.fullmatch(text.casefold()):
            raise RowError(
                f"column 'options' has {shown(text)}, which speaks of options by their own labels "
                f"({', '.join(labels)}); expected letters, as options are shown with letters from A"
            )
    return bare


def speaks_of_others(text: str, count: int) -> bool:
    """Return whether an option of `count` speaks of others: of all, none or some, by letter or by place."""
    said = plain(text).rstrip(" .!").replace("each other", "")
    last = chr(ord("A") + count - 1)
    one = rf"(?:\([A-{last}a-{last.lower()}]\)|(?<![A-Za-z0-9_'’])[A-{last}](?![A-Za-z0-9_'’]))"
    lower = rf"[a-{last.lower()}]"
    by_letter = (
        rf"{one}{_JOINED}(?:\w+ )?{one}|(?i:\b{_NEAR})\s+{one}|{one}\s+(?:only|alone)\b"
        rf"|^(?:(?i:{_NEAR}) )?{lower}(?:{_JOINED}{lower})+(?: only)?$"
    )
    return bool(re.search(by_letter, said) or _SPEAKS.search(said.casefold()))


def order_matters(options: Sequence[str]) -> str | None:
    """Return the first option that speaks of others; None where none does.

    So do options that are letters, each at its own place: the question speaks of what they stand for.
    """
    known = [chr(ord("A") + place) for place in range(len(options))]
    letters = [(text.upper(), own) for text, own in zip(options, known, strict=True) if text.upper() in known]
    if len(letters) > 1 and all(text == own for text, own in letters):
        return letters[0][0]
    return next((text for text in options if speaks_of_others(text, len(options))), None)
