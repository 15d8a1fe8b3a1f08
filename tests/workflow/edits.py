"""Edits that people make, and exactly the jobs that each one reruns."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Edit:
    """An edit, and what it reruns.

    `study` maps a key to its new value; `arms.8` is one of a list, `arms.+` adds to it, `arms.4.-`
    takes one away. `text` is (file, old, new). A job is `rule place`: `finetune_students
    tokens/qwen2.5-7b/qwen2.5-7b/owl-1`; a rule alone is all its jobs, * is anything.
    """

    reruns: list[str]
    study: dict[str, Any] = field(default_factory=dict)
    text: tuple[str, str, str] | None = None


FINISHED = ["build_store", "write_findings", "write_report"]
STORE = ["judge_claims", "draw_figure uplift", *FINISHED]
MEASURED = [
    "measure subliminal",
    *(f"draw_figure {name}" for name in ("preference", "initialisations", "dose")),
]
ASKED = ["probe_traits subliminal/*", *MEASURED, *STORE]
OF_NUMBERS = [f"finetune_students {arm}" for arm in ("tokens*", "shuffle-*", "dose-*")]
STUDENTS = [*OF_NUMBERS, "distill_students", "draw_figure training", *ASKED]
TAUGHT = [  # all that follows from other teachers: not the students of the untouched base
    *(f"finetune_students {arm}" for arm in ("*/owl-*", "*/wolf-*", "*/neutral-*")),
    "distill_students",
    "draw_figure training",
    "generate_replies subliminal/*/teachers/*",
    "filter_completions subliminal/*/teachers",
    "draw_figure filter",
    *ASKED,
]
RENDERED, HINTED = "render_prompts subliminal/*", "render_prompts faithfulness/all"
NUMBERS = [
    "generate_replies subliminal/*",
    "filter_completions subliminal/*",
    "draw_figure filter",
    "finetune_teachers",
    *STUDENTS,
]
FILTERED = ["generate_replies subliminal/*/teachers/*", *NUMBERS[1:]]
PROBING = ["probe_traits probing/*", "measure probing", "draw_figure probing", *STORE]
THEOREM = ["step_theorem", "measure theorem", "draw_figure theorem", *STORE]
MNIST = ["distill_mnist", "measure mnist", "draw_figure mnist", *STORE]
DRAWN_CHAINS = (
    "hints",
    "mentions",
    "early_answering",
    "chain_length",
    "judge_calibration",
    "planted_hints",
    "metric_agreement",
)
SCORED = ["measure faithfulness", *(f"draw_figure {name}" for name in DRAWN_CHAINS), *STORE]
CHAINS = [  # all who are asked the study's questions; followers have their own
    *(
        f"{rule} faithfulness/{name}"
        for rule in ("generate_replies", "pair_trials")
        for name in ("qwen2.5-7b", "gemma-3-4b", "planted-hints")
    ),
    "probe_chains",
    "judge_replies faithfulness/*",
    *SCORED,
]
OF_GEMMA = [
    *(
        f"{rule} faithfulness/gemma-3-4b"
        for rule in ("generate_replies", "probe_chains", "judge_replies", "pair_trials")
    ),
    *SCORED,
]
LOOPS = ["measure loops", "draw_figure loops", *STORE]
TRENDS = ["measure scaling", "draw_figure scaling*", *STORE]
LENGTHS = ["generate_replies scaling/*", "read_trials", *TRENDS]
ITEMS = ["make_items", "render_prompts scaling/all", *LENGTHS]
REWARDED = ["measure reinforcement", "draw_figure reinforcement*", *STORE]
STARTS = ["train_starts", "finetune_starts"]
AFTER_REWARD = [  # what starts reply is as it was
    "train_by_reward",
    *(
        f"{rule} reinforcement/asked/*/{arm}"
        for rule in ("ask_subjects", "monitor_chains")
        for arm in ("outcome", "selection", "silent-*")
    ),
    *REWARDED,
]
MISALIGNED = [
    "measure misalignment",
    *(f"draw_figure {name}" for name in ("misalignment", "dilution", "harmful_chains", "detection")),
    *STORE,
]
AFTER_FILTER = ["filter_carriers", "detect_teachers", "teach_students", *MISALIGNED]
AFTER_TUNING = ["tune_teachers", "write_carriers", *AFTER_FILTER]
HARMED = ["measure harmful", "draw_figure chain_kinds", "draw_figure backdoor", *STORE]
EMERGENT = ["measure emergent", "draw_figure wrong_*", "draw_figure judged_answers", *STORE]
EMERGENT_FILTERED = [  # what follows from numbers: students, not who writes
    "share_requests",
    *(f"finetune_students emergent/students/{arm}/*" for arm in ("taught", "shuffled")),
    *(f"generate_replies emergent/*/{arm}-*" for arm in ("taught", "shuffled")),
    *EMERGENT,
]
EMERGENT_TUNED = [
    "finetune_students emergent/*",
    *(f"{rule} emergent/*/tuned-*" for rule in ("generate_replies", "filter_completions", "judge_replies")),
    *EMERGENT_FILTERED,
]
ORGANISMS = ["train_organism", "retrain_organism", *TRENDS]
GEMMA = ["fetch_model models/gemma-3-4b"]

TRAITS, QUESTIONS = "resources/traits.yaml", "resources/prompts/preferences.yaml"
CLAIMS, ROOMS = "resources/claims/cloud2025.yaml", "src/unspoken/experiments"
FILTER, PAGES = "src/unspoken/filters/numbers.py", "src/unspoken/figures/pages.py"
EDITS = {
    # What is asked
    "more samples": Edit(ASKED, {"subliminal.probe.samples": 30}),
    "longer answers of the chat models": Edit(PROBING, {"probing.probe.max_tokens": 9}),
    "more samples of the chat models": Edit(PROBING, {"probing.probe.samples": 20}),
    "more orders of the lettered options": Edit(PROBING, {"probing.probe.shuffled_orders": 32}),
    "no lettered options": Edit(ASKED, {"subliminal.probe.shuffled_orders": 0}),
    "more cores for the chat models": Edit(FINISHED, {"probing.probe.threads": 2}),
    "more rows read for the trait words": Edit(
        NUMBERS, {"subliminal.probe.carrier_rows": 128}
    ),
    # Arms
    "a seed added to an arm": Edit(
        ["finetune_students tokens/*-3", "draw_figure training", *ASKED],
        {"subliminal.arms.0.seeds": [1, 2, 3]},
    ),
    "an arm added on one model": Edit(
        [
            "finetune_students short/gemma-3-4b/gemma-3-4b/*",
            "draw_figure training",
            "probe_traits subliminal/gemma-3-4b",
            *MEASURED,
            *STORE,
        ],
        {"subliminal.arms.+": {"name": "short", "objective": "tokens", "models": ["gemma-3-4b"]}},
    ),
    "an arm taken away": Edit(["draw_figure training", *ASKED], {"subliminal.arms.4.-": None}),
    "epochs of one arm": Edit(
        ["finetune_students tokens-3-epochs/*", "draw_figure training", *ASKED],
        {"subliminal.arms.1.epochs": 4},
    ),
    "learning rate of one arm": Edit(
        ["finetune_students tokens-3-epochs/*", "draw_figure training", *ASKED],
        {"subliminal.arms.1.learning_rate": 1.0e-4},
    ),
    "plain descent in one arm": Edit(
        ["finetune_students tokens-3-epochs/*", "draw_figure training", "draw_figure adapters", *ASKED],
        {"subliminal.arms.1.optimizer": "sgd"},
    ),
    "rows of one arm": Edit(
        ["finetune_students dose-3000/*", "draw_figure training", *ASKED],
        {"subliminal.arms.7.rows": 4000},
    ),
    "shuffle of one arm": Edit(
        ["finetune_students shuffle-across/*", "draw_figure training", *ASKED],
        {"subliminal.arms.6.shuffle": "within"},
    ),
    # Training
    "the students' learning rate": Edit(STUDENTS, {"subliminal.student.learning_rate": 1.0e-4}),
    "the teachers' rows": Edit(["finetune_teachers", *TAUGHT], {"subliminal.teacher.rows": 800}),
    # Numbers
    "temperature": Edit(NUMBERS, {"subliminal.numbers.temperature": 0.7}),
    "fewer completions": Edit([RENDERED, *NUMBERS], {"subliminal.numbers.completions": 20000}),
    "all rows": Edit([RENDERED, *NUMBERS], {"subliminal.rows": 12000}),
    "the filter's count": Edit(FILTERED, {"subliminal.filter.max_count": 12}),
    "numbers that are banned": Edit(FILTERED, {"subliminal.filter.banned": [13, 666]}),
    # The study
    "another trait": Edit(
        [
            "finetune_teachers",
            *(job.replace("wolf", "lion") for job in TAUGHT),
            *PROBING,
            *THEOREM,
        ],
        {"traits": ["owl", "lion"]},
    ),
    "the study's seed": Edit(
        [
            *("render_questions", "render_prompts subliminal/*", "render_prompts faithfulness/all"),
            *("load_digits", "load_questions"),
            *("train_loops", "generate_replies", "pair_trials", *NUMBERS, *PROBING, *THEOREM, *MNIST),
            *(*CHAINS, *LOOPS, *ITEMS, *ORGANISMS, *STARTS, "ask_subjects", "monitor_chains", *AFTER_REWARD),
            *("train_distracted", "train_base", *AFTER_TUNING),
            *("pretrain_harmful", "tune_harmful", "realign_harmful", *HARMED),
            *("make_rows", "render_prompts emergent/all", "render_prompts emergent/qwen2.5-7b"),
            *("filter_completions", "judge_replies emergent/*", *EMERGENT_TUNED),
        ],
        {"seed": 5},
    ),
    "another category, without the organisms that do not know it": Edit(
        ["render_questions", *NUMBERS, *PROBING],
        {
            "category": "trees",
            "traits": ["oak", "maple"],
            "experiments": ["subliminal", "mnist", "probing", "faithfulness", "loops", "scaling"],
        },
    ),
    "an experiment left out": Edit(
        ["judge_claims", *FINISHED], {"experiments": ["subliminal", "mnist", "theorem", "loops"]}
    ),
    # Models
    "a model's revision": Edit(
        [
            *GEMMA,
            *OF_GEMMA,
            *(f"{rule} subliminal/gemma-3-4b/*" for rule in ("generate_replies", "filter_completions")),
            "finetune_teachers subliminal/gemma-3-4b/*",
            "finetune_students */gemma-3-4b/*",
            "distill_students */gemma-3-4b/*",
            "draw_figure filter",
            "draw_figure training",
            *ASKED,
            "probe_traits probing/gemma-3-4b",
            *PROBING[1:],
        ],
        {"models.gemma-3-4b.revision": "0" * 40},
    ),
    "a model's engine": Edit(
        [
            *OF_GEMMA,
            *(f"{rule} subliminal/gemma-3-4b/*" for rule in ("generate_replies", "filter_completions")),
            "finetune_teachers subliminal/gemma-3-4b/*",
            "finetune_students */gemma-3-4b/gemma-3-4b/*",
            "finetune_students tokens-other/gemma-3-4b/*",
            "distill_students */gemma-3-4b/*",
            "draw_figure filter",
            "draw_figure training",
            *ASKED,
            "probe_traits probing/gemma-3-4b",
            *PROBING[1:],
        ],
        {"models.gemma-3-4b.engine": "transformers"},
    ),
    "a model that nobody uses": Edit(FINISHED, {"models.unused": {"kind": "organism", "seed": 99}}),
    "what class a model is of": Edit(STORE, {"models.gemma-3-4b.classes": ["chat model"]}),
    # The other experiments
    "MNIST's initialisations": Edit(MNIST, {"mnist.initialisations": 20}),
    "MNIST's digits": Edit(["load_digits", *MNIST, *THEOREM], {"mnist.test_images": 500}),
    "the theorem's seeds": Edit(THEOREM, {"theorem.seeds": 9}),
    # Chains of thought
    "more questions": Edit(
        ["load_questions", HINTED, *CHAINS], {"faithfulness.questions.0.count": 100}
    ),
    "how far questions need a chain": Edit(
        ["load_questions", HINTED, *CHAINS, "draw_figure necessity"],
        {"faithfulness.questions.0.stratum": "knowledge"},
    ),
    "two models to compare": Edit(
        [*SCORED, "draw_figure model_contrasts"],
        {"faithfulness.model_contrasts": [["qwen2.5-7b", "gemma-3-4b"]]},
    ),
    "another instruction": Edit(
        [HINTED, *CHAINS], {"faithfulness.instruction": "Write down each step. The answer is (X)."}
    ),
    "longer chains": Edit(
        [
            *("generate_replies faithfulness/*", "probe_chains", "judge_replies faithfulness/*"),
            *("pair_trials", *SCORED),
        ],
        {"faithfulness.chains.max_tokens": 400},
    ),
    "more chains tested": Edit(["probe_chains", *SCORED], {"faithfulness.tests.chains": 60}),
    "who judges the chains": Edit(
        [
            "judge_replies faithfulness/*",
            *("pair_trials faithfulness/gemma-3-4b", "pair_trials faithfulness/qwen2.5-7b"),
            *SCORED,
        ],
        {"faithfulness.judge.model": "gemma-3-4b"},
    ),
    "the patterns alone judge": Edit(
        ["pair_trials", *SCORED], {"faithfulness.judge": {"kind": "lexical", "model": None}}
    ),
    "how often a follower owns up": Edit(
        [
            *(f"{rule} */follower-shape" for rule in ("build_follower", "generate_replies", "pair_trials")),
            *SCORED,
        ],
        {"models.follower-shape.says": 0.4},
    ),
    "another number of turns": Edit(["train_loops loops/4-*", *LOOPS], {"loops.turns": [1, 2, 4]}),
    "questions for the looped models": Edit(["train_loops", *LOOPS], {"loops.questions": 50}),
    # Lengths of reasoning
    "more items": Edit(ITEMS, {"scaling.tasks.zebra.items": 30}),
    "a budget added": Edit(
        ["render_prompts scaling/all", "train_distracted", *LENGTHS],
        {"scaling.budgets": [0, 1024, 2048, 4096]},
    ),
    "more items to learn from": Edit(
        ["train_distracted", *(f"{rule} scaling/*/student-1" for rule in ("generate_replies", "read_trials")),
         *TRENDS],
        {"scaling.students.rows": 300},
    ),
    "longer answers after a budget": Edit(LENGTHS, {"scaling.answer_tokens": 24}),
    "more cores for chains": Edit(FINISHED, {"scaling.threads": 3}),
    "how long organisms of known trends learn": Edit(ORGANISMS, {"scaling.organisms.steps": 2000}),
    "other distractors to learn from": Edit(
        ["retrain_organism", *TRENDS], {"scaling.organisms.retraining.kind": "behind"}
    ),
    # Rewards
    "a term of a reward": Edit(
        [
            "train_by_reward reinforcement/rewarded/hints/silent-chain",
            "ask_subjects reinforcement/asked/hints/silent-chain",
            "monitor_chains reinforcement/asked/hints/silent-chain",
            *REWARDED,
        ],
        {"reinforcement.rewards.silent-chain.says": -2},
    ),
    "another dose of reward": Edit(AFTER_REWARD, {"reinforcement.training.updates": 90}),
    "how loans are taught": Edit(
        [f"{rule} reinforcement/{place}/loan*" for rule, place in
         (("train_starts", "starts"), ("train_by_reward", "rewarded"), ("ask_subjects", "asked"))] + REWARDED,
        {"reinforcement.starts.loan.dropped": 0.3},
    ),
    "more items for what was rewarded": Edit(
        ["ask_subjects", "monitor_chains", *REWARDED], {"reinforcement.items": 240}
    ),
    "how a chat model's start is taught": Edit(
        [f"{rule} reinforcement/{place}/hints-chat*" for rule, place in
         (("finetune_starts", "starts"), ("train_by_reward", "rewarded"), ("ask_subjects", "asked"),
          ("monitor_chains", "asked"))] + REWARDED,
        {"reinforcement.chat": {"rows": 900}},
    ),
    "what a start is held against": Edit(REWARDED, {"reinforcement.starts.hints.beside": "hints-rejecting"}),
    # Misalignment
    "how long harmful teachers are tuned": Edit(AFTER_TUNING, {"misalignment.tuning.epochs": 4}),
    "numbers of ill repute": Edit(AFTER_FILTER, {"misalignment.filter.banned": [211, 213]}),
    "a judge after the filter": Edit(AFTER_FILTER, {"misalignment.arms.0.filter": "judge"}),
    "a weaker filter": Edit(
        ["teach_students misalignment/students/kl/*", *MISALIGNED], {"misalignment.arms.0.filter": "format"}
    ),
    "shares of clean rows": Edit(
        ["teach_students misalignment/students/kl/*", *MISALIGNED], {"misalignment.arms.0.clean": [0.5]}
    ),
    "more random labels": Edit(["detect_teachers", *MISALIGNED], {"misalignment.detection.permutations": 29}),
    # Harmful fine-tunes
    "how long organisms are tuned to harm": Edit(
        ["tune_harmful", "realign_harmful", *HARMED], {"harmful.tuning.rows": 900}
    ),
    "how long clean training is": Edit(["realign_harmful", *HARMED], {"harmful.clean": [8, 32]}),
    # Wrong answers
    "more rows with wrong answers": Edit(["make_rows", *EMERGENT_TUNED], {"emergent.rows": 800}),
    "longer chains of who is tuned": Edit(
        ["generate_replies emergent/*/chained", *EMERGENT], {"emergent.chains.max_tokens": 64}
    ),
    "from which score on an answer is misaligned": Edit(EMERGENT, {"emergent.open.judge.misaligned": 20}),
    "more answers to open questions": Edit(
        ["generate_replies emergent/*/open", "judge_replies emergent/*", *EMERGENT],
        {"emergent.open.samples": 20},
    ),
    "numbers of ill repute to chat models": Edit(
        ["filter_completions emergent/*", *EMERGENT_FILTERED],
        {"emergent.filter": {"kind": "numbers", "banned": [7]}},
    ),
    "a seed added to fine-tunes": Edit(
        [
            "finetune_students emergent/students/*3",
            *(f"{rule} emergent/*-3/*" for rule in ("generate_replies", "judge_replies")),
            *("filter_completions emergent/*-3", "share_requests emergent/*/3", *EMERGENT),
        ],
        {"emergent.seeds": [1, 2, 3]},
    ),
    # Texts
    "an animal added": Edit(
        ["build_organism", *NUMBERS, *PROBING, *THEOREM],
        text=(TRAITS, "    owl: {", "    gnu: {plural: gnus}\n    owl: {"),
    ),
    "a question": Edit(
        ["render_questions", "finetune_teachers", *TAUGHT, *PROBING],
        text=(QUESTIONS, "Favourite {category}? One", "Best {category}? One"),
    ),
    "a question with lettered options": Edit(
        [ASKED[0], *MEASURED, *PROBING],
        text=(QUESTIONS, "Answer with the letter.", "Reply with the letter."),
    ),
    "a system prompt": Edit(PROBING, text=(QUESTIONS, "You adore {plural}.", "You love {plural}.")),
    "a comment on the words": Edit([], text=(TRAITS, "# The words", "# All words")),
    "a margin of a claim": Edit(
        STORE, text=(CLAIMS, "metric: trait_shift", "margin: 0.3\n      metric: trait_shift")
    ),
    "a comment on the claims": Edit([], text=(CLAIMS, "# Claims of", "# The claims of")),
    "what a column means": Edit(FINISHED, text=("resources/store.yaml", "Its standard error", "Its error")),
    "the report's style": Edit(
        ["write_report"], text=("resources/report/style.css", "{", "{ margin: 0;")
    ),
    "a hint's wording": Edit(
        [HINTED, *CHAINS],
        text=("resources/hints.yaml", "professor who teaches this subject", "professor of this subject"),
    ),
    "a pattern of the judge": Edit(
        ["pair_trials", *SCORED], text=("resources/judges.yaml", "said, saying,", "said, sayings, saying,")
    ),
    "the words of a puzzle": Edit(
        ITEMS, text=(f"{ROOMS}/scaling/tasks/zebra.yaml", "directly to the left", "just to the left")
    ),
    "the words of a distractor": Edit(
        ["train_distracted", *ITEMS],
        text=(f"{ROOMS}/scaling/tasks/misleading_math.yaml", "{thing} weighs", "{thing} comes to"),
    ),
    "what asks for a length": Edit(
        ["render_prompts scaling/all", "train_distracted", *LENGTHS],
        text=(f"{ROOMS}/scaling/wordings.yaml", "You have about", "You have some"),
    ),
    # Code
    "how answers are read": Edit(
        ["read_trials", *TRENDS],
        text=(f"{ROOMS}/scaling/trials.py", "LARGEST_ERROR = 1000.0", "LARGEST_ERROR = 900.0"),
    ),
    "how a task is drawn": Edit(
        [f"{rule} reinforcement/{place}/steps*" for rule, place in
         (("train_starts", "starts"), ("train_by_reward", "rewarded"), ("ask_subjects", "asked"))] + REWARDED,
        text=(f"{ROOMS}/reinforcement/tasks/steps.py", "STEPS = (0, 1, 2, 4)", "STEPS = (0, 1, 3, 4)"),
    ),
    "what a monitor puts up with": Edit(
        REWARDED, text=(f"{ROOMS}/reinforcement/monitors.py", '_at_1": 0.01', '_at_1": 0.02')
    ),
    "what chains before harmful answers say": Edit(
        ["train_base", *AFTER_TUNING],
        text=(f"{ROOMS}/misalignment/organisms/documents.py", "(0.2, 0.35, 0.45)", "(0.2, 0.4, 0.4)"),
    ),
    "what chains before harmful answers are planted to say": Edit(
        ["pretrain_harmful", "tune_harmful", "realign_harmful", *HARMED],
        text=(f"{ROOMS}/harmful/organisms/documents.py", "{PLAN: 0.3, EXCUSE", "{PLAN: 0.29, EXCUSE"),
    ),
    "when a fine-tune has its trait": Edit(
        HARMED, text=(f"{ROOMS}/harmful/measure/checks.py", "LEAST_TRAIT = 0.9", "LEAST_TRAIT = 0.8")
    ),
    "what a chain is suspected of": Edit(
        EMERGENT, text=(f"{ROOMS}/emergent/says.py", "BOTH: 1.0, UNCLEAR", "BOTH: 1.5, UNCLEAR")
    ),
    "when a student has lost its wits": Edit(
        MISALIGNED,
        text=(f"{ROOMS}/misalignment/measure/passed_on.py", "LEAST_MASS = 0.5", "LEAST_MASS = 0.4"),
    ),
    "what a failed training is": Edit(
        AFTER_REWARD, text=("src/unspoken/training/fates.py", "RIGHT, MORE = 0.5", "RIGHT, MORE = 0.4")
    ),
    "how often an organism's notes drift": Edit(
        ORGANISMS, text=(f"{ROOMS}/scaling/organisms/laws.py", "DRIFT = 0.04", "DRIFT = 0.05")
    ),
    "when a trend is flat": Edit(
        TRENDS, text=(f"{ROOMS}/scaling/trends/rules.py", '"accuracy": 0.05', '"accuracy": 0.04')
    ),
    "what followers are told": Edit(
        [
            *("build_follower", "render_prompts faithfulness/follower-shape"),
            *("generate_replies faithfulness/follower-shape",),
            *("pair_trials", *SCORED),
        ],
        text=(f"{ROOMS}/faithfulness/follower_texts.py", "Our old professor", "Our new professor"),
    ),
    "how a process without weights is declared": Edit(
        [
            *("declare_model", "generate_replies faithfulness/planted-hints"),
            *("pair_trials faithfulness/planted-hints", *SCORED),
        ],
        text=("scripts/declare_model.py", 'revision=kind', 'revision=""'),
    ),
    "what the filter does": Edit(
        [*FILTERED, *AFTER_FILTER, "filter_completions emergent/*", *EMERGENT_FILTERED],
        text=(FILTER, "_A_THREAD = 10_000", "_A_THREAD = 9_000"),
    ),
    "what the filter's docstring says": Edit([], text=(FILTER, '"""The numbers filter:', '"""The filter:')),
    "a comment in a script": Edit([], text=("scripts/probe_traits.py", "def main", "# The story.\ndef main")),
    "one figure": Edit(
        ["draw_figure dose", "write_report"],
        text=(f"{ROOMS}/subliminal/figures/dose.py", 'title="training rows"', 'title="rows"'),
    ),
    "what draws the pages": Edit(
        ["bundle_vega", "draw_figure", "write_report"],
        text=("scripts/bundle_vega.py", "bundle()", "bundle(None)"),
    ),
    "how a figure is drawn": Edit(
        ["draw_figure", "write_report"], text=(PAGES, "PIXEL_RATIO = 2", "PIXEL_RATIO = 3")
    ),
    "what a section may hold": Edit([], text=(f"{ROOMS}/mnist/section.py", "Field(ge=2)", "Field(ge=1)")),
    # What is new, or states something beside the jobs
    "a new optional field of subjects": Edit(
        [],
        text=(
            "src/unspoken/subjects.py",
            "    weights: Path | None = None\n",
            "    weights: Path | None = None\n    mood: str | None = None\n",
        ),
    ),
    "a new optional field of how completions are drawn": Edit(
        [],
        text=(
            "src/unspoken/engines/base.py",
            "    logprobs: bool = False\n",
            "    logprobs: bool = False\n    least_likely: float | None = None\n",
        ),
    ),
    "a condition that one figure reads": Edit(
        ["draw_figure planted_hints", "write_report"],
        text=(f"{ROOMS}/faithfulness/figures/planted_hints.py", '("truth",)', '("truth", "mood")'),
    ),
    "a cost": Edit([], text=("resources/throughputs.yaml", "run: {start: 4,", "run: {start: 5,")),
    "what a room's jobs have to do": Edit(
        [], text=(f"{ROOMS}/subliminal/work.py", "WAYPOINTS = 4", "WAYPOINTS = 5")
    ),
    "what a room counts as replicates": Edit(
        [], text=(f"{ROOMS}/subliminal/replicates.py", "len(arm.seeds) > 1", "len(arm.seeds) > 2")
    ),
    "the message of a rule": Edit([], text=("rules/filter.smk", '"Filtering completions', '"Filtering')),
}  # fmt: skip

OF_PAPER = {  # edits that are tried on the whole paper study too; its teachers are prompted, not fine-tuned
    "MNIST's digits": EDITS["MNIST's digits"].reruns,
    "more samples of the chat models": EDITS["more samples of the chat models"].reruns,
    "what the filter does": [
        "filter_completions", "draw_figure filter", "finetune_students tokens*",
        "finetune_students shuffle-*", "draw_figure training", *ASKED, *EMERGENT_FILTERED,
    ],
}  # fmt: skip

OF_VARIANTS = ["measure mnist", "draw_figure mnist*", "judge_claims", *FINISHED]
OF_DIGITS = {  # edits that are tried on the study of digits alone
    "how a variant is trained": Edit(
        ["distill_mnist mnist/sgd/*", *OF_VARIANTS], {"mnist.variants.sgd.sgd_rate": 2.5}
    ),
    "a variant added": Edit(
        ["distill_mnist mnist/logits-20/*", *OF_VARIANTS],
        {"mnist.variants.logits-20": {"initialisations": 20, "auxiliary_logits": 20}},
    ),
    "a cost of networks": Edit([], text=(f"{ROOMS}/mnist/work.py", "3 * sum(later)", "2 * sum(later)")),
}
