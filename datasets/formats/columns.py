"""Which column of a table is which field: named by the user, or found by its usual names."""

from __future__ import annotations

import unicodedata

from datasets.errors import UserError, did_you_mean, listed
from datasets.formats.tables import Table
from datasets.options import flag

TEXT_NAMES = frozenset({
    "text", "texts", "review", "reviews", "sentence", "sentences", "content", "contents", "document",
    "comment", "comments", "body", "message", "tweet", "review_text", "review_body", "reviewtext",
    "텍스트", "리뷰", "리뷰내용", "내용", "문장", "본문", "댓글", "문서", "후기",
})  # fmt: skip
LABEL_NAMES = frozenset({
    "label", "labels", "sentiment", "class", "category", "polarity", "target", "emotion",
    "라벨", "레이블", "감정", "감성", "분류", "클래스", "긍부정",
})  # fmt: skip
TOKEN_NAMES = frozenset({"tokens", "token", "words", "word", "forms", "form"})
TAG_NAMES = frozenset({"tags", "tag", "labels", "label", "ner_tags", "pos_tags", "upos", "ner", "pos"})
SOURCE_NAMES = frozenset({"source", "src", "source_text", "원문"})
TARGET_NAMES = frozenset({"target", "tgt", "trg", "target_text", "translation", "번역", "번역문"})
CAPTION_NAMES = frozenset(
    {"caption", "captions", "text", "sentence", "comment", "description", "캡션", "설명", "문장"}
)
IMAGE_NAMES = frozenset({
    "image", "image_name", "images", "image_id", "image_path", "image_file", "file", "file_name", "filename", "path",
    "picture", "이미지", "그림", "사진", "파일",
})  # fmt: skip
MEDIA_NAMES = frozenset({
    "path", "file", "file_name", "filename", "file_path", "sound", "audio", "audio_file", "video", "movie", "clip",
    "파일",
})  # fmt: skip
QUESTION_NAMES = frozenset({"question", "questions", "질문", "물음"})
ANSWER_NAMES = frozenset({"answer", "answers", "label", "답", "정답", "대답", "답변"})
TEXT_AND_LABEL = ("--text-column", "--label-column")
SHOWN = 12  # column names listed in a message, and the letters shown of each are twice as many


def find(
    table: Table, field: str, wanted: str | None, usual: frozenset[str], asked: str | None = None
) -> int:
    """The position of the column that holds a field.

    Args:
        table: where to look.
        field: the field's name; `{field}_column` is the option that names its column.
        wanted: the name or the position that the user gave, or None to look for one of the usual names.
        usual: names to look for, in lower case.
        asked: what names the column, for messages; None for the option `{field}_column`.

    Raises:
        UserError: no such column, or several.
    """
    asked = asked or flag(field + "_column")
    if wanted is not None:
        return _given(table, asked, wanted)
    positions = [position for position, name in enumerate(table.columns) if usual_name(name) in usual]
    if len(positions) == 1 and table.named:
        return positions[0]
    if positions:
        several = ", ".join(f"'{table.columns[position]}'" for position in positions)
        raise UserError(f"{table.path}: several columns may be the {field}: {several}; name one with {asked}")
    raise UserError(f"{table.path}: no column for the {field} among {_listed(table)}; {_fix(asked, table)}")


def find_usual(table: Table, usual: frozenset[str]) -> int | None:
    """The position of the first column with one of these names, in any case; None where there is none."""
    if not table.named:
        return None
    return next((position for position, name in enumerate(table.columns) if usual_name(name) in usual), None)


def _given(table: Table, asked: str, wanted: str) -> int:
    exact = [position for position, name in enumerate(table.columns) if name == wanted]
    positions = exact or [
        position for position, name in enumerate(table.columns) if usual_name(name) == usual_name(wanted)
    ]
    if len(positions) > 1:
        raise UserError(
            f"{table.path}: {len(positions)} columns are called '{wanted}'; "
            f"give the position, e.g. {asked} {positions[0]}"
        )
    if positions:
        return positions[0]
    if not table.is_json and wanted.isdecimal() and int(wanted) < len(table.columns):
        return int(wanted)
    hint = did_you_mean(wanted, table.columns)
    raise UserError(f"{asked} {wanted}: no such column; {table.path} has {_listed(table)}{hint}")


def usual_name(name: str) -> str:
    """A column's name as the sets of usual names have it: composed, in lower case, without blanks around."""
    return unicodedata.normalize("NFC", name).strip().lower()


def _listed(table: Table) -> str:
    """The column names, shortened, for a message."""
    return listed([f"'{name[: 2 * SHOWN]}'" for name in table.columns], SHOWN)


def _fix(asked: str, table: Table) -> str:
    """What to do where no usual name was found."""
    if not table.named:
        return f"give its position, e.g. {asked} 0"
    fix = f"name it with {asked}"
    if table.is_json:
        return fix
    if len(table.columns) == 1:
        return f"{fix}, and say how columns are separated with --delimiter"
    positions = "--text-column 0 --label-column 1" if asked in TEXT_AND_LABEL else f"{asked} 0"
    return f"{fix}, or, if the file has no header row, give --header no {positions}"
