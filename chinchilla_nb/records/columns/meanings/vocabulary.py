"""Words in the names of columns that hold something other than a total."""

from __future__ import annotations

from chinchilla_nb.records.columns.word_lists import words_of

__all__ = [
    "EMBEDDING",
    "FORECASTS",
    "PARAMETERS",
    "RATES",
    "SETTINGS",
    "STATISTICS",
    "other_than_a_total",
]


RATES = words_of(
    "per sec second seconds s rate throughput speed peak mfu hfu util utilization utilisation utilized achieved "
    "tps ms hz efficiency ratio fraction frac percent pct share"
)
STATISTICS = words_of(
    "std stderr se sem var variance ci lower upper low high error err delta diff difference gap change grad gradient"
)
FORECASTS = words_of(
    "predicted prediction pred expected fit fitted residual residuals optimal opt target initial init start baseline "
    "irreducible extrapolated planned"
)
SETTINGS = words_of(
    "lr batch bs micro warmup decay weight wd beta1 beta2 eps dropout clip dtype type fn function name path file dir "
    "version hash id coef coefficient coeff scale scaler scaling schedule scheduler threshold factor seed url class "
    "mode"
)
PARAMETERS = words_of("params param parameters parameter nparams numparams paramcount modelparams")
EMBEDDING = words_of("embedding embeddings embed embeds emb embd wte wpe unembed unembedding unembeddings lookup")


def other_than_a_total(words: frozenset[str]) -> str:
    """Return what a column holds instead of a total, by its words; empty if it may be a total."""
    if words & RATES:
        return "holds a rate or a ratio"
    if words & SETTINGS:
        return "holds a setting"
    if words & STATISTICS:
        return "holds a statistic"
    return "holds a plan or a prediction" if words & FORECASTS else ""
