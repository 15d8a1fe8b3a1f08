"""A reply's text made plain, character for character: the places in it stay those of the reply."""

import polars as pl

from unspoken.answers.leads import NEXT_QUESTION, TURN

BEGIN, END = "\x1e", "\x1f"
"""Marks put around what is looked for; a reply that has them itself has blanks there."""
_BLANKS = (
    "\t\x0b\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
_BRACKETS = ("（）【】［］｛｝〔〕", "()()[]{}()")
_POINTS = ("：︰，、；．？！＊＝－", "::,,;.?!*=-")
_CAPITALS = (0xFF21, 0x24B6, 0x1F150, 0x1F170, 0x1F130, 0x1F110, 0x1D400, 0x1D5D4, 0x1D63C)
_SMALL = (0xFF41, 0x24D0, 0x249C)
"""Where full-width, circled, squared, bracketed, bold letters begin."""
_SAME = {
    **dict.fromkeys("\r\x0c\u2028\u2029", "\n"),
    **dict.fromkeys(_BLANKS + _UNSEEN + BEGIN + END, " "),
    **dict.fromkeys("‘’‚‛′´", "'"),
    **dict.fromkeys("“”„‟«»「」『』″", '"'),
    **dict(zip(*_BRACKETS, strict=True)),
    **dict(zip(*_POINTS, strict=True)),
    **{chr(start + n): chr(65 + n) for start in _CAPITALS for n in range(26)},
    **{chr(start + n): chr(97 + n) for start in _SMALL for n in range(26)},
}
_TABLE = {
    **{mark: "\n" + " " * (len(mark) - 1) for mark in ("<tr>", "<table>", "</table>")},
    **{mark: "|" + " " * (len(mark) - 1) for mark in ("<td>", "<th>")},
    **{f"</{name}>": " " * (len(name) + 3) for name in ("td", "th", "tr", "thead", "tbody")},
    **{f"<{name}>": " " * (len(name) + 2) for name in ("thead", "tbody")},
}
"""A table's tags, and what stands for them in a table of text, as long as they are."""
_BEFORE_CELLS = r"\n([ ]*</?t)"
"""Line ends in a table of tags, where rows are not lines."""
_BETWEEN_CELLS = r"(\S)\t"
_ODD = r"[\r\t\x0b\x0c\x1e\x1f]"
_END_TOKENS = r"(?:\s|<[|｜][^|｜<>\n]{1,30}[|｜]>|</?s>|<eos>|<end_of_turn>|<pad>|\[/?INST\]|\[EOS\])+$"
_HAS_TURN = (
    r"<(?:[|｜]|/s>|end_of_turn>|start_of|eos|pad)|\[(?:INST|EOS)|\n[ #*_>]*(?i:human|user|instruction)"
)
_HAS_QUESTION = r"\n[ #*_>]*(?:(?i:next|question|problem|exercise)\b|Q\d*[ *_]*:)"
_TITLES = {f"{title}. ": f"{title}  " for title in ("Mr", "Mrs", "Ms", "Dr", "Prof", "prof")}
"""Full stops that end no sentence."""
_STRUCK = r"~~[^~\n]+~~|<(?:del|strike)>[^<\n]*</(?:del|strike)>"
_RARE = r"~~|<(?:t[rdh]|del|strike)>|(?:Mrs?|Ms|Dr|[Pp]rof)\. "
_ANSWERED = r"(?i)\b(?:answers?|choose|pick|correct|option)\b|boxed|^\W*[A-J]\b|\n\W*[A-J]\W*\n"


def plain_texts(replies: pl.DataFrame) -> pl.DataFrame:
    """Return `row`, `text` (the reply's own turn, in plain signs) of the columns `row` and `reply`."""
    text = pl.col("text")
    texts = replies.select("row", text=pl.col("reply"))
    texts = _changed(
        texts,
        (text.str.len_bytes() != text.str.len_chars()) | text.str.contains(_ODD),
        text.str.replace_all(_BETWEEN_CELLS, "${1}|").str.replace_many(_SAME),
    )
    rare = texts.filter(text.str.contains(_RARE))
    if not rare.is_empty():
        rows = text.str.replace_all(_BEFORE_CELLS, " ${1}")
        plain = rare.select("row", rows.str.replace_many(_TITLES).str.replace_many(_TABLE))
        texts = texts.update(_without_struck(plain), on="row")
    first = text.str.replace(r"^(\s*\S(?s:.*?))" + TURN, "${1}")
    texts = _changed(
        texts,
        text.str.contains(_HAS_TURN),
        first.str.replace(_END_TOKENS, ""),
    )
    asked = text.str.replace(NEXT_QUESTION, "")
    cut = pl.when(asked.str.contains(_ANSWERED)).then(asked).otherwise(text)
    return _changed(texts, text.str.contains(_HAS_QUESTION), cut)


def _without_struck(texts: pl.DataFrame) -> pl.DataFrame:
    """Return texts with blanks for what is struck out, as long as it is."""
    piece = pl.col("text")
    pieces = texts.with_columns(
        piece.str.replace_all(_STRUCK, f"{BEGIN}${{0}}{BEGIN}").str.split(BEGIN)
    ).explode("text")
    struck = pl.int_range(pl.len()).over("row") % 2 == 1
    blanks = pl.lit("").str.pad_end(piece.str.len_chars(), " ")
    kept = pieces.with_columns(text=pl.when(struck).then(blanks).otherwise(piece))
    return kept.group_by("row").agg(piece.str.join(""))


def _changed(texts: pl.DataFrame, where: pl.Expr, text: pl.Expr) -> pl.DataFrame:
    """Return the texts with those changed that need it: mostly few."""
    some = texts.with_columns(here=where.fill_null(value=False))
    if not some["here"].any():
        return texts
    changed = some.filter("here").select("row", changed=text)
    joined = texts.join(changed, on="row", how="left", maintain_order="left")
    return joined.select("row", text=pl.coalesce("changed", "text"))
