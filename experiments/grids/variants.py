"""What is in an LSTM that matters: forget bias, output activation, peepholes, coupled gates; the GRU beside.

    python -m experiments.compare --grid variants --out runs/variants

The questions of Greff et al. 2017, "LSTM: A Search Space Odyssey", and of Jozefowicz et al. 2015, "An Empirical
Exploration of Recurrent Network Architectures", as far as small models on small data can answer them: each variant
changes one thing of the LSTM with everything else equal. The two papers searched each variant's learning rate; here all
have the same one. Three of the nine tasks, embedded (synthetic) data, five seeds each, 120 runs. Takes about half an
hour on two cores. Expect: without the output's tanh the LSTM best on signals, and some seeds of the language model that
run away; all else within two per cent of the LSTM, but for peepholes and the forget bias on text.
"""

from __future__ import annotations

from experiments.compare.grid import Grid

GRID = Grid(
    tasks=("tagging", "language_model", "signals"),
    cells=(
        "lstm",
        "lstm(unit_forget_bias=false)",
        "lstm(output_activation=linear)",
        "lstm(peephole=true)",
        "lstm(coupled=true)",
        "gru",
        "gru(reset_after=false)",
        "vanilla",
    ),
    seeds=(0, 1, 2, 3, 4),
    vary=("units=32", "epochs=8", "tagging.epochs=4"),
    match="units",
    keras_seeds=0,
)
