"""The world in Korean: names of things, sentences that describe a scene, and what reviewers say.

Every pattern of an opinion keeps its words (as separated by blanks) when the two opinions in it trade places, so that
the words of a review without their order say nothing of its polarity. Patterns therefore use forms of adjectives
that do not depend on the place: `-다`, `-지`, `-ㄴ`.
"""

from __future__ import annotations

from random import Random

from datasets.microworld.world import Thing

# (good, bad), each as stem, form before a noun.
ADJECTIVES = (
    (
        ("좋", "좋은"), ("예쁘", "예쁜"), ("멋지", "멋진"), ("아름답", "아름다운"),
        ("훌륭하", "훌륭한"), ("곱", "고운"), ("근사하", "근사한"), ("세련되", "세련된"),
    ),
    (
        ("나쁘", "나쁜"), ("밋밋하", "밋밋한"), ("어색하", "어색한"), ("촌스럽", "촌스러운"),
        ("칙칙하", "칙칙한"), ("엉성하", "엉성한"), ("지루하", "지루한"), ("거칠", "거친"),
    ),
)  # fmt: skip
ASPECTS = ("색은", "모양은", "선은", "배치는", "비율은", "구도는", "명암은", "마무리는")
PEOPLE = ("친구", "언니", "동생", "선생님", "이웃", "사촌", "삼촌", "이모")
SHAPES = {
    "circle": "원", "square": "네모", "triangle": "세모", "star": "별", "heart": "하트", "cross": "십자가",
}  # fmt: skip
COLOURS = {
    "red": "빨간", "blue": "파란", "green": "초록", "yellow": "노란", "black": "검은", "white": "하얀",
}  # fmt: skip
SIZES = {"small": "작은", "large": "큰"}
PLACES = {"left of": "왼쪽에", "right of": "오른쪽에", "above": "위에", "below": "아래에"}

DESCRIPTIONS = (
    "{other} {where} {a}{subject} 있다.",
    "{a}{subject} {other} {where} 보인다.",
    "기계는 {other} {where} {a}{object} 그렸다.",
    "{other} {where} {a}{subject} 놓여 있다.",
    "{a}{subject} {other} {where} 자리를 잡았다.",
    "기계가 {a}{object} {other} {where} 두었다.",
)
OPENINGS = ("", "기계가 그린 또 다른 그림이다.", "이 그림을 한참 들여다보았다.", "오늘 새로 나온 그림이다.")
CLOSINGS = ("", "여기까지다.", "이 그림 이야기는 이만 줄인다.", "다음에는 무엇을 그릴지 보겠다.")

# {0} and {1} are parts of the picture; {x} and {y} are stems, {xn} and {yn} forms before a noun.
PLAIN = (
    "{0} {x}다. {1} {y}다.",
    "{0} {x}다. 그리고 {1} {y}다.",
    "{0} {xn} 편이다. {1} 또한 {yn} 편이다.",
)
NEGATION = (
    "{0} 안 {x}다. {1} {y}다.",
    "{1} {y}다. {0} 안 {x}다.",
    "{0} {x}지 않다. {1} {y}지.",
    "{1} {y}지. {0} {x}지 않다.",
    "{0} {xn} 편이 아니다. {1} {yn} 편이다.",
    "{1} {yn} 편이다. {0} {xn} 편이 아니다.",
)
CONTRAST = (
    "{0} {x}다. 하지만 {1} {y}다.",
    "물론 {0} {x}다. 그래도 {1} {y}다.",
    "그래도 {1} {y}다. 물론 {0} {x}다.",
    "{0} {xn} 편이다. 그러나 {1} {yn} 편이다.",
    "{0} {x}다 해도 어쨌든 {1} {y}다.",
    "어쨌든 {1} {y}다. {0} {x}다 해도.",
)
TRUST = (("맞다", "틀리다"), ("옳다", "그르다"), ("정확하다", "엉터리다"))
CUES = (
    "예전에는 {who} 판단이 {x} 싶었는데 요즘은 {y} 싶다.",
    "나는 {who} 판단이 {x} 여겼지만 이제는 {y} 여긴다.",
    "한때는 {who} 판단이 {x} 생각했으나 지금은 {y} 생각한다.",
    "지금은 {who} 판단이 {y} 생각한다, 전에는 {x} 생각했지만.",
)
VERDICTS = (
    "{who} 말로는 이 그림이 {x}다 한다.",
    "{who} 눈에는 이 그림이 {x}다 한다.",
    "이 그림은 {x}다 하는 것이 {who} 말이다.",
    "{xn} 그림이라는 것이 {who} 말이다.",
)


def described(pattern: str, where: str, thing: Thing, other: Thing) -> str:
    """One of `DESCRIPTIONS`: where one thing stands, seen from another."""
    shape = SHAPES[thing.shape]
    return pattern.format(
        a=f"{SIZES[thing.size]} {COLOURS[thing.colour]} {shape}",
        subject="이" if ends_in_consonant(shape) else "가",
        object="을" if ends_in_consonant(shape) else "를",
        other=f"{COLOURS[other.colour]} {SHAPES[other.shape]}",
        where=PLACES[where],
    )


def ends_in_consonant(word: str) -> bool:
    """Whether a word's last syllable has a final consonant, which decides the particle after it."""
    return (ord(word[-1]) - 0xAC00) % 28 > 0


def opinion(random: Random, pattern: str, first: bool, second: bool) -> str:
    """A pattern on two parts of the picture with a good (True) or bad adjective for each."""
    one, other = random.sample(ASPECTS, 2)
    x, xn = random.choice(ADJECTIVES[not first])
    y, yn = random.choice(ADJECTIVES[not second])
    return pattern.format(one, other, x=x, y=y, xn=xn, yn=yn)


def cue(random: Random, who: str, trusted: bool) -> str:
    """Whether someone's verdicts are to be trusted, which was the other way round before."""
    trust, distrust = random.choice(TRUST)
    was, now = (distrust, trust) if trusted else (trust, distrust)
    return random.choice(CUES).format(who=who, x=was, y=now)


def verdict(random: Random, who: str, good: bool) -> str:
    """What someone says of the picture."""
    stem, before_noun = random.choice(ADJECTIVES[not good])
    return random.choice(VERDICTS).format(who=who, x=stem, xn=before_noun)
