"""The sentences of a text, each with what stands around it."""

import polars as pl

from unspoken.answers.plain import END

_CUT = r"([.!?][\"')*_]*[ ]|[。！？]|\n)"


def sentences_of(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the sentences of texts behind `since`: columns of texts but text, `at`, `sentence`, `length`.

    `above` and `below` are the sentences around it; `first` and `last` tell the first of a text without a
    statement (`stated` is null) and the last, `within` whether other words stand in its line.
    """
    sentence, row = pl.col("sentence"), pl.col("row")
    begins, ends = row != row.shift(1, fill_value=-1), row != row.shift(-1, fill_value=-1)
    cut = (
        texts.with_columns(sentence=pl.col("text").str.slice("since"))
        .with_columns(sentence.str.replace_all(_CUT, f"${{1}}{END}").str.split(END))
        .explode("sentence")
        .filter(sentence != "")
        .with_columns(length=sentence.str.len_chars().cast(pl.Int64), broken=sentence.str.ends_with("\n"))
        .with_columns(
            at=pl.col("since") + pl.col("length").cum_sum().over("row") - pl.col("length"),
            within=~(begins | pl.col("broken").shift(1)) | ~(ends | pl.col("broken")),
        )
        .filter(sentence.str.strip_chars() != "")
        .drop("text", "broken")
    )
    return cut.with_columns(
        first=begins & pl.col("stated").is_null(),
        last=ends,
        above=pl.when(~begins).then(sentence.shift(1)).otherwise(pl.lit("")),
        below=pl.when(~ends).then(sentence.shift(-1)).otherwise(pl.lit("")),
    )
