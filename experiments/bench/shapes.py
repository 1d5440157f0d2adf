"""What the benchmark of layers measures: cells and shapes. Imports nothing that is slow to import."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.errors import UserError

#: Each of our cells, and the number of its gates.
CELLS = {"vanilla": 1, "lstm": 4, "gru": 3}
#: Engines of our layer that can take part.
ENGINES = ("fused", "hoisted", "loop")


@dataclass(frozen=True)
class Shape:
    """Size of a layer and of its inputs `(batch, steps, features)`."""

    batch: int
    steps: int
    features: int
    units: int

    @classmethod
    def parse(cls, text: str) -> Shape:
        """From `32x200x128x64`.

        Raises:
            UserError: if the text is not four positive numbers with x between them.
        """
        sizes = [int(size) if size.isdecimal() else 0 for size in text.split("x")]
        if len(sizes) != 4 or min(sizes) < 1:
            raise UserError(
                f"--shapes: {text!r} is not batch x steps x features x units, such as 32x200x128x64"
            )
        return cls(*sizes)

    def sizes(self) -> dict[str, int]:
        """The four by name."""
        return {"batch": self.batch, "steps": self.steps, "features": self.features, "units": self.units}

    def __str__(self) -> str:
        return f"{self.batch}x{self.steps}x{self.features}x{self.units}"


SHAPES = (
    Shape(1, 100, 64, 64),
    Shape(8, 100, 64, 64),
    Shape(16, 50, 64, 64),
    Shape(32, 200, 128, 64),
    Shape(64, 100, 128, 128),
    Shape(32, 256, 256, 256),
    Shape(64, 50, 512, 512),
)
#: For a first look.
QUICK = (SHAPES[0], SHAPES[3])
