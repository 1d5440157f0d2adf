"""Who may import and name whom. Held by reading the sources, so that no rule depends on what a run happens to import.

Each rule is a function from sources to complaints. It is applied to the repository, and to a source that breaks it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from datasets.plugins import names
from tests.sources import (
    ROOT,
    Rule,
    Sources,
    at_module_level,
    files_of,
    identifiers,
    imported,
    repository,
    strings,
    top,
    under,
    words,
)

HEAVY = {
    "tensorflow",
    "tensorflow_datasets",
    "keras",
    "pandas",
    "sklearn",
    "matplotlib",
    "scipy",
    "statsmodels",
    "distributed",
    "jinja2",
    "pyarrow",
    "jax",
    "torch",
}
# What parsing a command line, --help and listings import.
QUICK = (
    r"(zoo/(run|predict|export|config)|zoo/runtime/rundir|zoo/cli/\w+|zoo/tasks/(\w+|\w+/task)|datasets/.+"
    r"|experiments/(compare|report)/__(main|init)__|experiments/grids/\w+)\.py"
)
DATASETS = {
    *("microworld", "imdb", "imdb_reviews", "aclimdb", "ud_english_ewt", "ewt", "multi30k", "tatoeba"),
    *("flickr8k", "easy_vqa", "tiny_shakespeare", "exchange_rate", "ett", "etth1"),
}

# Where cells are known by name: the default of `--cell`, and weights to and from other libraries.
KNOW_CELLS = ("zoo/cells/", "zoo/reference/", "zoo/interop.py", "zoo/config.py")
# Where a data set is known by name: the default of `--dataset`.
KNOW_DATASETS = ("zoo/run.py",)
# A cell that ignores order has a name that much else has; no code depends on which cell it is.
COMMON_WORDS = {"none", "mean"}


def cell_names() -> set[tuple[str, ...]]:
    """The words of each cell's name: `gru` and `GRU` are one, and so are `keras_gru` and `KerasGRU`."""
    return {words(name) for name in names("zoo.cells", "CELL") if name not in COMMON_WORDS}


# ------------------------------------------------------------------------------------------ the rules


def only_cells_name_cells(sources: Sources) -> Iterator[str]:
    """All else gets its cells from a factory, and so runs with any cell, a user's own too."""
    cells = cell_names()
    for path, tree in sources.items():
        if path.startswith("zoo/") and not path.startswith(KNOW_CELLS):
            for line, text in identifiers(tree):
                if any(names_a_cell(part, cells) for part in text.split(".")):
                    yield f"{path}:{line} names a cell: {text}"
            for line, text in strings(tree):
                if re.fullmatch(r"[\w.:]+", text) and names_a_cell(text, cells):
                    yield f"{path}:{line} names a cell: {text!r}"


def names_a_cell(text: str, cells: set[tuple[str, ...]]) -> bool:
    """Whether the words of a cell's name stand in a row: `run_KerasGRU2` names `gru` and `keras_gru`.

    The cache of `functools` that drops the least recently used is none.
    """
    spelt = words(text.replace("lru_cache", "cache"))
    return any(spelt[n : n + len(cell)] == cell for cell in cells for n in range(len(spelt)))


def private_keras_is_in_one_module(sources: Sources) -> Iterator[str]:
    """So that one file says what may break with the next version of Keras."""
    for path, tree in sources.items():
        if path == "zoo/keras_private.py" or path.startswith("tests/"):
            continue
        for module in imported(ast.walk(tree), path):
            if under(module, "keras.src", "tensorflow.python"):
                yield f"{path} imports {module}"
        for line, text in [*identifiers(tree), *strings(tree)]:
            if text == "_flatten_layers" or text.startswith("keras.src"):
                yield f"{path}:{line} uses {text}"


def models_name_no_dataset(sources: Sources) -> Iterator[str]:
    """What is asked for is fields, not data sets."""
    for path, tree in sources.items():
        if path.startswith("zoo/") and path not in KNOW_DATASETS:
            for line, text in [*identifiers(tree), *strings(tree)]:
                named = DATASETS & set(re.findall(r"\w+", text.casefold()))
                if named or DATASETS & set(text.casefold().split("_")):
                    yield f"{path}:{line} names a data set: {text!r}"


def command_lines_answer_at_once(sources: Sources) -> Iterator[str]:
    """No heavy import at the top of a module that parsing a command line imports, directly or by way of others."""
    for path in sources:
        if re.fullmatch(QUICK, path):
            yield from heavy_imports(path, sources)


def heavy_imports(start: str, sources: Sources) -> Iterator[str]:
    waiting, seen = [start], {start}
    while waiting:
        path = waiting.pop()
        for module in imported(at_module_level(sources[path]), path):
            if top(module) in HEAVY:
                yield f"{start} imports {top(module)}" + (f" by way of {path}" if path != start else "")
            for file in files_of(module, sources) - seen:
                seen.add(file)
                waiting.append(file)


def reports_need_no_tensorflow(sources: Sources) -> Iterator[str]:
    for path in sources:
        if not path.startswith("experiments/report/"):
            continue
        for found in imported(ast.walk(sources[path]), path):
            if top(found) in ("tensorflow", "keras"):
                yield f"{path} imports {found}"
        yield from (line for line in heavy_imports(path, sources) if re.search("tensorflow|keras", line))


def nothing_unsafe_is_loaded(sources: Sources) -> Iterator[str]:
    """No pickle in any form, no Lambda layer, and Keras' safe mode stays on."""
    for path, tree in sources.items():
        for module in imported(ast.walk(tree), path):
            if top(module) in ("pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"):
                yield f"{path} imports {module}"
        for line, text in identifiers(tree):
            if text in ("Lambda", "read_pickle", "to_pickle", "enable_unsafe_deserialization"):
                yield f"{path}:{line} uses {text}"
        for call in ast.walk(tree):
            for keyword in call.keywords if isinstance(call, ast.Call) else ():
                if ast.unparse(keyword) in ("safe_mode=False", "allow_pickle=True"):
                    yield f"{path}:{keyword.value.lineno} {ast.unparse(keyword)}"


def graphs_are_traced_as_they_are_written(sources: Sources) -> Iterator[str]:
    """AutoGraph would first rewrite the source of every function that is traced, seconds of each run."""
    for path, tree in sources.items():
        if path.startswith("tests/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "tf.function":
                yield from _unless_without_autograph(path, tree, node)


def _unless_without_autograph(path: str, tree: ast.AST, function: ast.Attribute) -> Iterator[str]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.func is function)
    keywords = {keyword.arg: ast.unparse(keyword.value) for call in calls for keyword in call.keywords}
    if keywords.get("autograph") != "False":
        yield f"{path}:{function.lineno} tf.function without autograph=False"


RULES: dict[Rule, list[tuple[str, str]]] = {
    only_cells_name_cells: [
        ("zoo/layers/recurrent.py", "from zoo.cells.lstm import CELL"),
        ("zoo/layers/recurrent.py", "import keras\nlayer = keras.layers.GRU"),
        ("zoo/layers/recurrent.py", "def f(cell):\n    return cell == 'lstm'"),
        ("zoo/tasks/tagging/task.py", "def run_vanilla(): pass"),
        ("zoo/tasks/tagging/task.py", "cell = 'keras_gru'"),
        ("zoo/tasks/tagging/task.py", "def f(lstm_units): pass"),
    ],
    private_keras_is_in_one_module: [
        ("zoo/cells/base.py", "from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell"),
        ("zoo/pipeline.py", "def f(model):\n    return model._flatten_layers()"),
        ("zoo/factory.py", "def f(cell):\n    return cell.__module__.startswith('keras.src.layers')"),
    ],
    models_name_no_dataset: [
        ("zoo/tasks/sentiment/task.py", "def f(name):\n    return name == 'imdb_reviews'"),
        ("zoo/tasks/sentiment/task.py", "import datasets.microworld"),
        ("zoo/tasks/sentiment/task.py", "help = 'such as IMDB'"),
        ("zoo/tasks/sentiment/task.py", "imdb_texts = 3"),
    ],
    command_lines_answer_at_once: [
        ("zoo/run.py", "import pandas"),
        ("zoo/tasks/tagging/task.py", "try:\n    import keras\nexcept ImportError:\n    pass"),
        ("datasets/microworld/reviews.py", "class A:\n    from sklearn import metrics"),
        ("zoo/cli/flags.py", "from zoo.training.loop import fit"),
        ("zoo/config.py", "import zoo.training.loop.fit"),
        ("experiments/compare/__main__.py", "import distributed"),
    ],
    reports_need_no_tensorflow: [
        ("experiments/report/pages.py", "def f():\n    import tensorflow"),
        ("experiments/report/reading.py", "from zoo import training"),
    ],
    graphs_are_traced_as_they_are_written: [
        ("zoo/serving.py", "@tf.function\ndef f(): pass"),
        ("zoo/serving.py", "@tf.function(input_signature=[])\ndef f(): pass"),
        ("zoo/serving.py", "f = tf.function(abs, autograph=True)"),
    ],
    nothing_unsafe_is_loaded: [
        ("zoo/predict.py", "import pickle"),
        ("zoo/predict.py", "from joblib import load"),
        ("zoo/predict.py", "keras.models.load_model('m.keras', safe_mode=False)"),
        ("zoo/predict.py", "np.load('a.npy', allow_pickle=True)"),
        ("zoo/predict.py", "keras.layers.Lambda(abs)"),
        ("zoo/predict.py", "frame.to_pickle('a')"),
    ],
}
# Beside the source that breaks a rule stands a module that is heavy.
TRAINING = {"zoo/__init__.py": "", "zoo/training/__init__.py": "import keras"}

FINE = {
    "datasets/file_readers/paths.py": "from datasets.errors import UserError\ndef f():\n    import pandas",
    "zoo/cells/gru.py": '"""Unlike the LSTM."""\nimport keras, numpy, math\nfrom zoo.cells.base import Cell',
    "zoo/layers/engines/fused.py": "import tensorflow as tf\nfrom zoo.layers.engines import loop",
    "zoo/layers/recurrent.py": "import keras\nfrom zoo.tensors import Tensor\nrun = keras.layers.RNN",
    "zoo/layers/pooling.py": 'def f():\n    """As good for an LSTM as for a GRU."""\n    return "outputs"',
    "zoo/tasks/sentiment/task.py": '"""On imdb."""\nhelp = "let the longest be cut; settings"\nkept = better = 1',
    "zoo/run.py": "from typing import TYPE_CHECKING\nimport numpy\nif TYPE_CHECKING:\n    import keras",
    "experiments/report/reading.py": "import pandas",
    "zoo/serving.py": "@tf.function(autograph=False)\ndef f(): pass",
}


@pytest.fixture(scope="module")
def sources() -> Sources:
    found = repository()
    assert len(found) > 20
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_repository_keeps_the_rule(rule: Rule, sources: Sources):
    assert sorted(set(rule(sources))) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_allows_what_is_right(rule: Rule):
    assert list(rule({path: ast.parse(text) for path, text in FINE.items()})) == []


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [(rule, path, source) for rule, cases in RULES.items() for path, source in cases],
)
def test_the_rule_sees_what_breaks_it(rule: Rule, path: str, source: str):
    assert list(rule({name: ast.parse(text) for name, text in {**TRAINING, path: source}.items()}))


def test_files_are_short(sources: Sources):
    long = [path for path in sources if len((ROOT / path).read_text("utf-8").splitlines()) >= 400]
    assert long == []


def test_words_of_identifiers():
    assert words("_run_KerasGRU2") == ("run", "keras", "gru")
    assert words("SimpleRNNCell") == ("simple", "rnn", "cell")
    assert words("lstm") == ("lstm",)


def test_the_cells_are_known():
    assert {("vanilla",), ("lstm",), ("gru",), ("keras", "gru")} <= cell_names()


def test_a_cell_is_named_by_its_whole_name_only():
    cells = {("min", "gru"), ("lstm",)}
    assert names_a_cell("run_min_gru", cells)
    assert names_a_cell("MinGRU", cells)
    assert names_a_cell("lstm_units", cells)
    assert not any(names_a_cell(text, cells) for text in ("min", "gru", "gru_min", "minimum"))
