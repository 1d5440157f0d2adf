"""Who may import and name whom. Held by reading the sources, so that no rule depends on what a run happens to import.

Each rule is a function from sources to complaints. It is applied to the repository, and to a source that breaks it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datasets.plugins import names

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("datasets", "zoo", "experiments", "tests")
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

# Modules that cells and layers stand on.
FOUNDATIONS = ("zoo.tensors", "zoo.keras_types", "zoo.keras_private", "zoo.runtime.cores")

# In names of cells and of much else: `keras.layers.RNN` runs any cell.
SHARED_WORDS = {"keras", "simple", "rnn", "mean"}

Sources = dict[str, ast.Module]
Rule = Callable[[Sources], Iterator[str]]


def repository() -> Sources:
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"), path.name) for path in paths
    }


def cell_names() -> set[str]:
    """The cells of the repository as they may be spelt: `gru`, `GRUCell` and `KerasGRU` all contain the word gru."""
    return {word for name in names("zoo.cells", "CELL") for word in name.split("_")} - SHARED_WORDS


# ------------------------------------------------------------------------------------------ reading sources


def imported(nodes: Iterator[ast.AST], path: str) -> Iterator[str]:
    """Dotted names of what these statements import; for `from a import b` both `a` and `a.b`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*package, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def at_module_level(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs when the module is imported: not the bodies of functions, nor what only type checkers read."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def top(module: str) -> str:
    return module.partition(".")[0]


def under(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def words(identifier: str) -> set[str]:
    """`_run_KerasGRU2` as run, keras, gru."""
    return {word.casefold() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


def identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        for attribute in ("id", "attr", "name", "arg", "asname", "module"):
            text = getattr(node, attribute, None)
            if isinstance(text, str):
                yield line, text


def strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """String constants apart from docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


# ------------------------------------------------------------------------------------------ the rules


def datasets_know_no_model(sources: Sources) -> Iterator[str]:
    for path, tree in sources.items():
        if path.startswith("datasets/"):
            for module in imported(ast.walk(tree), path):
                if top(module) in ("zoo", "experiments"):
                    yield f"{path} imports {module}"


def cells_and_layers_are_plain_keras(sources: Sources) -> Iterator[str]:
    """So that they also run with KERAS_BACKEND=jax; an engine may be written for one backend."""
    for path, tree in sources.items():
        if not path.startswith(("zoo/cells/", "zoo/layers/")):
            continue
        for module in imported(ast.walk(tree), path):
            fits = top(module) in ("keras", "numpy") or top(module) in sys.stdlib_module_names
            ours = module == "zoo" or under(
                module, "zoo.cells", "zoo.layers", "datasets.errors", *FOUNDATIONS
            )
            engine = path.startswith("zoo/layers/engines") and top(module) in ("tensorflow", "jax")
            if not (fits or ours or engine or module == "datasets"):
                yield f"{path} imports {module}"


def cells_know_no_layer(sources: Sources) -> Iterator[str]:
    for path, tree in sources.items():
        if path.startswith("zoo/cells/"):
            for module in imported(ast.walk(tree), path):
                if under(module, "zoo.layers"):
                    yield f"{path} imports {module}"


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


def the_reference_is_plain_numpy(sources: Sources) -> Iterator[str]:
    for path, tree in sources.items():
        if path.startswith("zoo/reference/"):
            for module in imported(ast.walk(tree), path):
                plain = top(module) == "numpy" or top(module) in sys.stdlib_module_names
                if not (plain or module == "zoo" or under(module, "zoo.reference")):
                    yield f"{path} imports {module}"


def tasks_and_layers_name_no_cell(sources: Sources) -> Iterator[str]:
    cells = cell_names()
    for path, tree in sources.items():
        if path.startswith(("zoo/tasks/", "zoo/layers/")):
            for line, text in identifiers(tree):
                if any(words(part) & cells for part in text.split(".")):
                    yield f"{path}:{line} names a cell: {text}"
            for line, text in strings(tree):
                if re.fullmatch(r"[\w.:]+", text) and words(text) & cells:
                    yield f"{path}:{line} names a cell: {text!r}"


def tasks_name_no_dataset(sources: Sources) -> Iterator[str]:
    for path, tree in sources.items():
        if path.startswith("zoo/tasks/"):
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


def files_of(module: str, sources: Sources) -> set[str]:
    """The files that importing a module of the repository runs, those of the packages around it included."""
    parts = module.split(".")
    packages = ["/".join([*parts[:n], "__init__.py"]) for n in range(1, len(parts) + 1)]
    return {file for file in [*packages, "/".join(parts) + ".py"] if file in sources}


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


RULES: dict[Rule, list[tuple[str, str]]] = {
    datasets_know_no_model: [
        ("datasets/file_readers/paths.py", "from zoo.cli.flags import option"),
        ("datasets/file_readers/paths.py", "def f():\n    import experiments.report"),
    ],
    cells_and_layers_are_plain_keras: [
        ("zoo/cells/gru.py", "import tensorflow as tf"),
        ("zoo/layers/recurrent.py", "def f():\n    from jax import lax"),
        ("zoo/layers/engines/fused.py", "import torch"),
        ("zoo/layers/recurrent.py", "from zoo.tasks import base"),
        ("zoo/layers/recurrent.py", "from .. import tasks"),
    ],
    cells_know_no_layer: [("zoo/cells/gru.py", "from zoo.layers.recurrent import Recurrent")],
    private_keras_is_in_one_module: [
        ("zoo/cells/base.py", "from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell"),
        ("zoo/pipeline.py", "def f(model):\n    return model._flatten_layers()"),
        ("zoo/factory.py", "def f(cell):\n    return cell.__module__.startswith('keras.src.layers')"),
    ],
    the_reference_is_plain_numpy: [
        ("zoo/reference/gru.py", "import keras"),
        ("zoo/reference/gru.py", "from zoo.cells import gru"),
    ],
    tasks_and_layers_name_no_cell: [
        ("zoo/layers/recurrent.py", "from zoo.cells.lstm import CELL"),
        ("zoo/layers/recurrent.py", "import keras\nlayer = keras.layers.GRU"),
        ("zoo/layers/recurrent.py", "def f(cell):\n    return cell == 'lstm'"),
        ("zoo/tasks/tagging/task.py", "def run_vanilla(): pass"),
        ("zoo/tasks/tagging/task.py", "cell = 'keras_gru'"),
        ("zoo/tasks/tagging/task.py", "def f(lstm_units): pass"),
    ],
    tasks_name_no_dataset: [
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
    assert words("_run_KerasGRU2") == {"run", "keras", "gru"}
    assert words("SimpleRNNCell") == {"simple", "rnn", "cell"}
    assert words("lstm") == {"lstm"}


def test_the_cells_are_known():
    assert {"vanilla", "lstm", "gru"} <= cell_names()
