"""Three cells, three seeds, equal numbers of parameters on IMDB, the English Web Treebank and exchange rates.

    python -m experiments.compare --grid real --data FOLDER --out runs/real

FOLDER holds `imdb`, `ud_english_ewt` and `exchange_rate`. Takes about an hour and a half on two cores. The first cell
keeps its units (64 for sentiment, 160 for tagging, 32 for forecasting); the others get those with which the whole
model comes nearest to its number of parameters. Expect: about .87 to .88 accuracy on IMDB, where the bag of embeddings
has .88; about .95 on the treebank; exchange rates within a few per cent of the last value, which is hard to beat.
Keras' own layers are left out to save time; `--keras-seeds 1` adds them.
"""

from __future__ import annotations

from experiments.compare.grid import Grid

GRID = Grid(
    tasks=("sentiment", "tagging", "forecasting"),
    cells=("lstm", "gru", "vanilla"),
    seeds=(0, 1, 2),
    vary=(
        "sentiment.dataset={data}/imdb",
        "sentiment.ngrams=1",
        "sentiment.base=none",
        "tagging.dataset={data}/ud_english_ewt",
        "forecasting.dataset={data}/exchange_rate/exchange_rate.txt.gz",
        "tagging.bidirectional=true",
        "forecasting.window=168",
        "forecasting.horizon=24",
        "forecasting.only_last=true",
        "forecasting.decoder=segments",
        "forecasting.segment=24",
        "forecasting.channels=independent",
        "forecasting.quantiles=1",
        "forecasting.loss=mse",
        "forecasting.units=32",
        "forecasting.dropout=0.2",
        "forecasting.ets=false",
        "forecasting.learning_rate=3e-4",
        "forecasting.batch_size=128",
        "forecasting.epochs=4",
        "forecasting.least_steps=1",
        "forecasting.normalise=last",
        "forecasting.base=none",
    ),
    match="parameters",
    keras_seeds=0,
)
