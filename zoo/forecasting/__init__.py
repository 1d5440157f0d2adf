"""What the forecasting task is made of: windows, layers, models, rows without a model, metrics, pictures."""
