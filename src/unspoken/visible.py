"""Texts of others on a terminal: what would move its cursor or turn letters around is shown, not done."""


def visible(text: str) -> str:
    """Return a text whose control and formatting characters stand as escapes; line ends and tabs stay."""
    return "".join(
        one if one.isprintable() or one in "\n\t" else one.encode("unicode_escape").decode() for one in text
    )
