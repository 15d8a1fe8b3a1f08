import re
from pathlib import Path

import pytest

from unspoken.prompts import ResourceError, load_traits, read_resource, wordings
from unspoken.prompts.numbers import load_number_templates

RESOURCES = Path(__file__).parents[2] / "resources"

BAD_TRAITS = [
    ("owl: {plural: owls}, owl: {plural: owls}", "'owl' stands twice"),
    ("owl: {plural: owls}, owls: {plural: owlses}", "each word and each plural once"),
    ("Owl: {plural: owls}", "got 'Owl'; expected one word of lower-case letters"),
    ("barn owl: {plural: owls}", "animals.words.barn owl: got 'barn owl'"),
    ("owl2: {plural: owls}", "'owl2'"),
    ("no: {plural: owls}", "animals.words.False: got False"),
    ("owl: {plural: the owls}", "animals.words.owl.plural: got 'the owls'"),
    ("owl: owls", "animals.words.owl: got 'owls'; expected keys with values: plural, not_in"),
    ("owl: {plural: owls, not_in: [bird]}", "animals.words.owl.not_in: got 'bird'"),
    ("owl: {plural: owls, not_in: bowl}", "animals.words.owl.not_in: got 'bowl'"),
    ("owl: {plural: owls", ": not valid YAML"),
]


@pytest.mark.parametrize(("words", "message"), BAD_TRAITS)
def test_wrong_traits_end_in_one_message(tmp_path, words, message):
    path = tmp_path / "traits.yaml"
    cat = "cat: {plural: cats}"
    path.write_text(f"animals: {{category: animal, words: {{{cat}, {words}}}}}")
    with pytest.raises(ResourceError) as error:
        load_traits(path)
    assert message in str(error.value)
    assert "traits.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ResourceError, match=r"absent\.yaml: cannot be read: No such file"):
        read_resource(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["Hi {numbers}", "Hi {numbers}"], r"key\[1\]: got 'Hi {numbers}'; expected each"),
        (["Hi"], r"key\[0\]: got 'Hi'; expected the placeholders {numbers} \(needed\)"),
        (["Hi {numbers} {name}"], r"expected the placeholders"),
        (["Hi {numbers"], r"expected braces"),
        ([7], r"key\[0\]: got 7; expected a text"),
        ([], "expected a list"),
        (None, "key: got None; expected a list"),
    ],
)
def test_wrong_wordings_end_in_one_message(texts, message):
    with pytest.raises(ResourceError, match=message):
        wordings({"key": texts}, "key", Path("file.yaml"), needs=("numbers",))


@pytest.mark.parametrize("change", ["examples: [8, 3]", "values: 5", "max_digits: 0"])
def test_wrong_ranges_end_in_one_message(tmp_path, change):
    key = change.split(":")[0]
    text = (RESOURCES / "prompts" / "numbers.yaml").read_text()
    path = tmp_path / "numbers.yaml"
    path.write_text(re.sub(f"(?m)^{key}: .*$", change, text))
    with pytest.raises(ResourceError, match=rf"numbers\.yaml: {key}: got .*; expected"):
        load_number_templates(path)
