"""Published scaling laws of language models, each as its authors state it or fitted to their runs, with its source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.kaplan_family import KAPLAN
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.laws.named import NamedLaw

__all__ = ["PUBLISHED_LAWS"]

_LAWS = (
    NamedLaw(
        "Hoffmann et al. 2022",
        KNOWN_LAWS["Hoffmann et al. 2022"],
        "Training Compute-Optimal Large Language Models, arXiv:2203.15556, equation 10: approach 3, on MassiveText",
    ),
    NamedLaw(
        "Besiroglu et al. 2024",
        KNOWN_LAWS["Besiroglu et al. 2024"],
        "Chinchilla Scaling: A replication attempt, arXiv:2404.10102: 240 runs read off a figure of Hoffmann et al.",
    ),
    NamedLaw(
        "Muennighoff et al. 2023",
        ScalingLaw.from_params({"e": 0.6254804, "a": 6.255414, "b": 7.3049974, "alpha": 0.3526596, "beta": 0.3526596}),
        "Scaling Data-Constrained Language Models, arXiv:2305.16264, 1.87 + 521/N^0.353 + 1488/D^0.353 with the digits "
        "of its code: C4 without repeated data, with equal exponents",
    ),
    NamedLaw(
        "Kaplan et al. 2020",
        KAPLAN.published,
        "Scaling Laws for Neural Language Models, arXiv:2001.08361, equation 1.5 and table 2: WebText2, stopped early, "
        "N without embeddings",
    ),
    NamedLaw(
        "McLeish et al. 2025",
        ScalingLaw(E=2.143206, A=213.0845, B=4.967622e6, alpha=0.2928918, beta=0.7129786),
        "Gemstones: A Model Suite for Multi-Faceted Scaling Laws, arXiv:2502.06857: fitted by chinchilla_nb to its 220 "
        "runs at a constant learning rate, with the log-Huber loss of Hoffmann et al.",
    ),
)

PUBLISHED_LAWS: Mapping[str, NamedLaw] = MappingProxyType({law.name: law for law in _LAWS})
"""Published laws by name.

They predict the loss in nats per token of their own tokenizer and text, and count N as their authors do; for other runs
their losses are off by an amount that depends on these.
"""
