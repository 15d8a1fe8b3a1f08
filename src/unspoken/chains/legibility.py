"""How legible a chain is: text in other scripts or languages than its prompt's, and repetition.

Two statistics of language mixing stand side by side, because they differ. A share of letters by script
sees a single word, but no change from English to French; a share of lines by language (the unit of
Wang et al. 2025, arXiv 2505.14815) is the other way round. Nothing here grades sense, as the judge of
Jose 2025 (arXiv 2510.27338) does: all of it is counted.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import polars as pl
import regex

SCRIPTS = (
    "Arabic", "Armenian", "Bengali", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek",
    "Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew", "Hiragana", "Kannada", "Katakana", "Khmer",
    "Lao", "Latin", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai", "Tibetan",
)  # fmt: skip
"""Unicode scripts by name; letters of any other are of the script "Other"."""

LANGUAGES = ("en", "zh", "ru", "es", "de", "fr", "ja")
"""Languages that the studies look for in the lines of chains, by their ISO 639-1 codes."""
WORDS_OF_A_LINE = 4
"""Lines of fewer words say too little about their language."""
SURE = 0.5
"""How far the likeliest language of a line must be ahead of the next, in probability."""
LONGEST_LOOP = 8
"""Sentences that a loop may go round."""

_JAPANESE = {"Han", "Hiragana", "Katakana"}
_SYMBOLS = {"Latin": 3, "Greek": 3}
"""Fewer letters in a row than this are a formula's or a unit's, not another language's."""
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
_WORD = rf"[[{UNSPACED}]&&\p{{L}}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{UNSPACED}]]+"
"""A word, or a letter where words have no spaces between them."""
_WORD_OF_LETTERS = rf"[[{UNSPACED}]&&\p{{L}}]|[[\p{{L}}\p{{M}}]--[{UNSPACED}]]{{2,}}"
COMMAND = r"\\[A-Za-z]+"
"""LaTeX's commands are in Latin letters in any language."""
_RUN = regex.compile(
    rf"{COMMAND}|"
    + "|".join(
        rf"(?P<{script}>(?=\p{{L}})\p{{{script}}}{{{_SYMBOLS.get(script, 1)},}})" for script in SCRIPTS
    )
    + r"|(?P<Other>(?:(?=\p{L})[^\p{Common}\p{Inherited}"
    + "".join(rf"\p{{{s}}}" for s in SCRIPTS)
    + "])+)"
)
"""A command, or letters of one script, which is the group's name."""
_MULTIPLIERS = (1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
"""Odd numbers that make one number of the hashes of four words, in their order."""


Span = tuple[int, int, str]
"""Start and end in a chain's characters, and the script's name or the language's code."""


def _prompts(chains: pl.DataFrame) -> pl.Series:
    """Return each chain's prompt, or its options where a transcript came without prompts."""
    options = pl.col("options").list.join("\n")
    return chains.select(pl.when(pl.col("user") == "").then(options).otherwise("user")).to_series()


def _letters_by_script(texts: pl.Series) -> pl.DataFrame:
    """Return one row a text: the letters it has of each script that make up words, and `letters` of any.

    Characters that no script owns (digits, signs, mathematical letters) are not letters here.
    """
    text = pl.col("text")
    latin = text.str.replace_all(r"\P{Latin}+", " ")
    rest = text.str.replace_all(r"[\p{Latin}\P{L}\p{Common}\p{Inherited}]+", " ")
    others = [script for script in SCRIPTS if script != "Latin"]
    listed = "".join(rf"\p{{{script}}}" for script in others)
    counts = texts.rename("text").str.replace_all(COMMAND, " ").to_frame().select(latin=latin, rest=rest)
    words = [
        pl.col("latin" if script == "Latin" else "rest")
        .str.extract_all(rf"\p{{{script}}}{{{_SYMBOLS.get(script, 1)},}}")
        .list.join("")
        .str.len_chars()
        .alias(script)
        for script in SCRIPTS
    ]
    every = pl.concat_str("latin", "rest").str.replace_all(" ", "", literal=True).str.len_chars()
    other = pl.col("rest").str.replace_all(rf"[{listed} ]+", "").str.len_chars()
    return counts.select(*words, Other=other, letters=every)


def foreign_letters(chains: pl.DataFrame) -> pl.DataFrame:
    """Return foreign_letters and scripts of each chain: see `legibility_columns`."""
    named = [*SCRIPTS, "Other"]
    of_prompt = _letters_by_script(_prompts(chains)).select(pl.col(named) > 0)
    kana = pl.col("Hiragana") | pl.col("Katakana")
    own = of_prompt.with_columns(pl.col(script) | kana for script in _JAPANESE)
    counts = _letters_by_script(chains["chain"])
    foreign = pl.concat([counts, own.rename(lambda name: f"own {name}")], how="horizontal").with_columns(
        pl.when(f"own {name}").then(0).otherwise(name).alias(name) for name in named
    )
    share = pl.sum_horizontal(named) / pl.max_horizontal("letters", 1)
    found = pl.concat_list(pl.when(pl.col(name) > 0).then(pl.lit(name)) for name in named)
    known = pl.any_horizontal(f"own {name}" for name in named)
    return foreign.select(
        foreign_letters=pl.when(known).then(share), scripts=pl.when(known).then(found.list.drop_nulls())
    )


class LanguagesError(ValueError):
    """Languages that cannot be told apart; the message says why."""


def detector_of(languages: Sequence[str], *, low_accuracy: bool = False) -> Any:
    """Return lingua's detector of some languages, which is null where it is not sure.

    `low_accuracy` looks at runs of three letters alone: its models load in a tenth of the time, and of a few
    words or more it errs hardly more often. Raises LanguagesError for fewer than two codes of ISO 639-1, and
    for an unknown code.
    """
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    known = {name.lower(): code for name, code in vars(IsoCode639_1).items() if len(name) == 2}
    if unknown := sorted(set(languages) - set(known)):
        raise LanguagesError(f"no language has the code {unknown[0]!r}: give ISO 639-1 codes like 'en', 'zh'")
    if len(set(languages)) < 2:
        raise LanguagesError("give two languages or more to choose from")
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*(known[code] for code in languages))
    builder = builder.with_minimum_relative_distance(SURE)
    return (builder.with_low_accuracy_mode() if low_accuracy else builder).build()


def languages_of(lines: pl.Series, languages: Sequence[str]) -> pl.Series:
    """Return the language of each line as an ISO 639-1 code, null where it is not sure.

    `languages` are the codes to choose from, two or more: a line in none of them may get one of them.
    Lingua counts letter groups; it runs in as many threads as RAYON_NUM_THREADS says. Raises
    LanguagesError for fewer than two codes and for a code that it does not know.
    """
    detector = detector_of(languages)
    found = detector.detect_languages_in_parallel_of(lines.str.replace_all(COMMAND, " ").to_list())
    codes = [language and language.iso_code_639_1.name.lower() for language in found]
    return pl.Series("language", codes, dtype=pl.String)


def judged_lines(texts: pl.Series) -> pl.DataFrame:
    """Return the lines of enough words: row (of the text), line, and its start in the text."""
    length = pl.col("line").str.len_chars() + 1
    lines = texts.rename("line").str.split("\n").to_frame().with_row_index("row").explode("line")
    bare = pl.col("line").str.replace_all(COMMAND, " ")
    enough = bare.str.count_matches(_WORD_OF_LETTERS) >= WORDS_OF_A_LINE
    return lines.with_columns(start=(length.cum_sum() - length).over("row")).filter(enough)


def _foreign_lines(chains: pl.DataFrame, languages: Sequence[str]) -> pl.Series:
    """Return foreign_lines of each chain: see `legibility_columns`."""
    lines, of_prompt = judged_lines(chains["chain"]), judged_lines(_prompts(chains))
    distinct = pl.concat([lines["line"], of_prompt["line"]]).unique()
    found = pl.DataFrame([distinct, languages_of(distinct, languages)])
    own = of_prompt.join(found, on="line").drop_nulls("language").select("row", "language").unique()
    judged = (
        lines.join(found, on="line")
        .join(own.with_columns(own=True), on=["row", "language"], how="left")
        .with_columns(foreign=pl.col("language").is_not_null() & pl.col("own").is_null())
    )
    shares = judged.join(own, on="row", how="semi").group_by("row").agg(pl.col("foreign").mean())
    rows = pl.DataFrame({"row": pl.int_range(chains.height, dtype=pl.UInt32, eager=True)})
    return rows.join(shares, on="row", how="left", maintain_order="left")["foreign"].rename("foreign_lines")


def _runs(text: str) -> list[Span]:
    """Return the runs of letters of one script each."""
    return [(*run.span(), run.lastgroup) for run in _RUN.finditer(text) if run.lastgroup]


def _own_scripts(chain: str, prompt: str) -> set[str]:
    """Return the scripts of the prompt, or without any the script that has most of the chain."""
    own = {script for _, _, script in _runs(prompt)}
    if not own:
        letters: Counter[str] = Counter()
        for start, end, script in _runs(chain):
            letters[script] += end - start
        own = {script for script, _ in letters.most_common(1)}
    return own | (_JAPANESE if own & {"Hiragana", "Katakana"} else set())


def _script_spans(chain: str, prompt: str) -> list[Span]:
    """Return the text in other scripts, joined where only spaces, digits or signs lie between."""
    own, spans = _own_scripts(chain, prompt), list[Span]()
    for start, end, script in _runs(chain):
        if script in own:
            continue
        before, until, last = spans[-1] if spans else (0, 0, "")
        akin = script == last or {script, last} <= _JAPANESE
        if akin and not regex.search(r"\n|(?=\p{L})\P{Common}", chain[until:start]):
            spans[-1] = (before, end, last)
        else:
            spans.append((start, end, script))
    return spans


def _language_spans(chain: str, prompt: str, languages: Sequence[str]) -> list[Span]:
    """Return the lines in another language than any line of the prompt."""
    judged = [judged_lines(pl.Series([text])) for text in (chain, prompt)]
    codes, own = (languages_of(lines["line"], languages) for lines in judged)
    return [
        (start, start + len(line), code)
        for line, start, code in zip(judged[0]["line"], judged[0]["start"], codes, strict=True)
        if code and own.count() and code not in set(own)
    ]


def switched_spans(chain: str, prompt: str = "", languages: Sequence[str] = ()) -> list[Span]:
    """Return the spans of a chain in another script or language than its prompt's: (start, end, which).

    `chain[start:end]` is the span; `which` is the script's name or, for a whole line in another of the
    `languages`, its ISO 639-1 code. What is foreign is said at `legibility_columns`. In order and
    apart. Without a prompt, the script that has most of the chain is its own.
    """
    lines = _language_spans(chain, prompt, languages) if languages else []
    words = [
        span
        for span in _script_spans(chain, prompt)
        if not any(start <= span[0] < end for start, end, _ in lines)
    ]
    return sorted(lines + words)


def _repetition(texts: pl.Series) -> pl.Series:
    """Return the share of each text's runs of four words that stand before in it; 0 without any."""
    words = pl.col("text").str.to_lowercase().str.extract_all(_WORD)
    listed = texts.rename("text").to_frame().with_row_index("row").with_columns(word=words)
    word = listed.select("row", "word").explode("word").drop_nulls().with_columns(pl.col("word").hash())
    four = sum(
        (pl.col("word").shift(-place) * pl.lit(factor, dtype=pl.UInt64))
        for place, factor in enumerate(_MULTIPLIERS)
    )
    runs = word.select("row", run=pl.when(pl.col("row") == pl.col("row").shift(-3)).then(four)).drop_nulls()
    shares = runs.group_by("row").agg(share=1 - pl.col("run").n_unique() / pl.len())
    return listed.join(shares, on="row", how="left", maintain_order="left")["share"].fill_null(0.0)


def _ends_in_loop() -> pl.Expr:
    """Say, of `row` and `sentence` in order, whether a row up to this sentence ends in a loop."""
    row, sentence = pl.col("row"), pl.col("sentence")
    loops = []
    for period in range(1, LONGEST_LOOP + 1):
        again = (sentence == sentence.shift(period)) & (sentence == sentence.shift(2 * period))
        again &= row == row.shift(2 * period)
        round_ = pl.all_horizontal(again.shift(back) for back in range(period))
        cut = (row == row.shift(1)) & round_.shift(1) & sentence.shift(period).str.starts_with(sentence)
        loops += [round_, cut]
    return pl.any_horizontal(loops)


def _loops(texts: pl.Series) -> pl.Series:
    """Return whether each text ends in the same one to eight sentences three times over.

    A last, shorter beginning of the next round belongs to the loop: chains that loop are cut.
    """
    ends = texts.str.to_lowercase().str.replace_all(r"([.!?।؟۔]+)\s+|([。！？])", "${1}${2}\n")
    sentences = (
        ends.rename("sentence").str.split("\n").to_frame().with_row_index("row").explode("sentence")
        .with_columns(pl.col("sentence").str.strip_chars())
        .filter(pl.col("sentence").str.contains(r"[\p{L}\p{N}]"))
    )  # fmt: skip
    last = sentences.with_columns(loop=_ends_in_loop()).group_by("row").agg(pl.col("loop").last())
    rows = texts.to_frame().with_row_index("row").select("row")
    return rows.join(last, on="row", how="left", maintain_order="left")["loop"].fill_null(value=False)


def legibility_columns(chains: pl.DataFrame, languages: Sequence[str] = ()) -> pl.DataFrame:
    """Return one row a chain, in their order: prompt_id, subject and

    foreign_letters: share of a chain's letters in scripts that its prompt does not use; runs of one or
        two Latin or Greek letters are symbols and never foreign. Null if the prompt has no words.
    scripts: their names, in alphabetical order.
    foreign_lines: share of its lines of four words or more in a language in which no such line of the
        prompt is; lines of uncertain language count as not foreign. Null without such lines, in the
        chain or the prompt, and without `languages` (ISO 639-1 codes to choose from, see `languages_of`).
    repetition: share of its runs of four words that stand before in the same chain.
    loops: whether it ends in the same one to eight sentences three times over.

    `chains` has the columns of `joined.joined_chains`. A prompt is question, options and hint together.
    """
    lines = _foreign_lines(chains, languages) if languages else pl.lit(None, dtype=pl.Float64)
    return pl.concat(
        [chains.select("prompt_id", "subject"), foreign_letters(chains)], how="horizontal"
    ).with_columns(
        foreign_lines=lines, repetition=_repetition(chains["chain"]), loops=_loops(chains["chain"])
    )
