"""The built-in loss functions; the engine knows their exact derivatives."""

from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse

__all__ = ["asymmetric_mae", "huber", "log_huber", "mae", "mse"]
