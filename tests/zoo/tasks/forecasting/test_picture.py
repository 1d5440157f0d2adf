from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.zoo.tasks.forecasting.examples import prepared, series
from zoo.tasks.forecasting.picture import draw


def drawn():
    """A picture of forecasts with nine quantiles, of a daily series that is called as its first variable."""
    days = np.datetime64("2024-03-01", "s") + np.arange(120) * np.timedelta64(86400, "s")
    of = prepared(replace(series(120, name="u"), time=days, step="D"), quantiles=9)
    levels = np.linspace(-1, 1, 9)
    forecasts = of.valid.targets.values[..., None] + levels
    return draw(of.valid, forecasts, ("u", "v"))


def test_each_interval_looks_as_its_legend():
    figure = drawn()
    legend = dict(
        zip(
            (text.get_text() for text in figure.legends[0].texts),
            figure.legends[0].legend_handles,
            strict=True,
        )
    )
    colours = {name: tuple(legend[name].get_facecolor()) for name in legend if "interval" in name}
    assert len(set(colours.values())) == len(colours) == 2
    assert all(colour[-1] == 1 for colour in colours.values())  # opaque: no shade comes of two that overlap


def test_titles_tell_a_name_once_and_days_without_a_time():
    titles = [axes.get_title() for axes in drawn().axes]
    assert len(titles) == 4
    assert titles[0].startswith("u, from ")
    assert titles[1].startswith("u, v, from ")
    assert not any("00:00" in title for title in titles)
