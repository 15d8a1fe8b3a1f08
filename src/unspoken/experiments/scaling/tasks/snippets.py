"""Snippets of Python of ten kinds, each with the value that it comes to, which is known as it is written.

Nothing here is executed: the value is worked out beside the text (and `checks.snippets` reads the text and
works it out again). Numbers in a snippet, and its value, are 6 or more, or 0: no count that is asked for.
"""

import math
from collections.abc import Callable
from random import Random

Snippet = tuple[str, int]
"""The code, and the value that it prints or, of the kind `unevaluated`, that nobody asks it for."""


def _comprehension(random: Random, name: str) -> Snippet:
    first, size, step = random.randint(6, 20), random.randint(20, 80), random.randint(6, 9)
    code = f"{name} = [n for n in range({first}, {first + size}) if n % {step} == 0]\nprint(sum({name}))"
    return code, sum(n for n in range(first, first + size) if n % step == 0)


def _unevaluated(random: Random, name: str) -> Snippet:
    size, times = random.randint(6, 30), random.randint(6, 30)
    return f"size = {size}\n{name} = size * {times}", size * times


def _function(random: Random, name: str) -> Snippet:
    times, more, given = random.randint(6, 15), random.randint(6, 40), random.randint(6, 15)
    code = (
        f"def count_{name}(shelves):\n    return shelves * {times} + {more}\n\nprint(count_{name}({given}))"
    )
    return code, given * times + more


def _factorial_or_gcd(random: Random, name: str) -> Snippet:
    if random.random() < 0.3:
        size = random.randint(6, 9)
        return f"import math\n{name} = math.factorial({size})\nprint({name})", math.factorial(size)
    shared, first, second = random.randint(6, 40), random.randint(6, 20), random.randint(6, 20)
    code = f"import math\n{name} = math.gcd({shared * first}, {shared * second})\nprint({name})"
    return code, math.gcd(shared * first, shared * second)


def _class(random: Random, name: str) -> Snippet:
    size, times = random.randint(6, 30), random.randint(6, 12)
    code = (
        "class Basket:\n    def __init__(self, size):\n        self.size = size\n\n"
        f"    def {name}(self):\n        return self.size * {times}\n\nprint(Basket({size}).{name}())"
    )
    return code, size * times


def _recursion(random: Random, name: str) -> Snippet:
    least, less, more, given = (random.randint(*ends) for ends in ((6, 9), (6, 9), (6, 12), (30, 70)))
    code = (
        f"def {name}(n):\n    if n < {least}:\n        return {more}\n"
        f"    return {more} + {name}(n - {less})\n\nprint({name}({given}))"
    )
    return code, more * ((given - least) // less + 2)


def _loop_sum(random: Random, name: str) -> Snippet:
    first, size = random.randint(6, 20), random.randint(6, 12)
    code = f"{name} = 0\nfor n in range({first}, {first + size}):\n    {name} += n\nprint({name})"
    return code, sum(range(first, first + size))


def _try_except(random: Random, name: str) -> Snippet:
    given, instead = random.randint(6, 90), random.randint(6, 90)
    fault, error = random.choice(
        [(f"{given} // 0", "ZeroDivisionError"), ("int('many')", "ValueError"), ("[][0]", "IndexError")]
    )
    code = f"try:\n    {name} = {fault}\nexcept {error}:\n    {name} = {instead}\nprint({name})"
    return code, instead


def _lambda(random: Random, name: str) -> Snippet:
    times, less, given = random.randint(6, 15), random.randint(6, 20), random.randint(6, 15)
    code = f"{name} = lambda boxes: boxes * {times} - {less}\nprint({name}({given}))"
    return code, given * times - less


def _property(random: Random, name: str) -> Snippet:
    rows, seats = random.randint(6, 20), random.randint(6, 20)
    code = (
        "class Shelf:\n    def __init__(self, rows):\n        self.rows = rows\n\n"
        f"    @property\n    def {name}(self):\n        return self.rows + {seats}\n\n"
        f"print(Shelf({rows}).{name})"
    )
    return code, rows + seats


SNIPPETS: dict[str, Callable[[Random, str], Snippet]] = {
    "comprehension": _comprehension,
    "unevaluated": _unevaluated,
    "function": _function,
    "factorial_or_gcd": _factorial_or_gcd,
    "class": _class,
    "recursion": _recursion,
    "loop_sum": _loop_sum,
    "try_except": _try_except,
    "lambda": _lambda,
    "property": _property,
}
"""By kind: makes a snippet that seems to count what `name` says."""
