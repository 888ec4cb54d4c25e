"""How sure a fit is: refits of resamples, profiles of the objective, and covariances."""
