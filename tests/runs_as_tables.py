"""Tables as people write them: the same twelve runs under other names, in other units and shapes.

Each is read right, or asked about; `Case.outcome` says which. The losses of a second column are those of the training,
0.2 below.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

N = [2e7] * 3 + [6e7] * 3 + [2e8] * 3 + [6e8] * 3
D = [1e8, 3e8, 8e8, 3e8, 9e8, 2.4e9, 1e9, 3e9, 8e9, 3e9, 9e9, 2.4e10]
LOSS = [5.0086, 4.3816, 3.9849, 4.0025, 3.5662, 3.2901, 3.2476, 2.9543, 2.7687, 2.777, 2.5729, 2.4437]
TRAIN = [round(loss - 0.2, 4) for loss in LOSS]
SIX_ND = [6 * n * d for n, d in zip(N, D, strict=True)]
NAMES = [f"r{number}" for number in range(12)]


@dataclass(frozen=True)
class Case:
    """A table, and what must be read from it.

    Attributes
    ----------
    name : str
    columns : dict of str to list
    outcome : str
        ``right``, or the quantities that are asked for, such as ``N D``.
    C : list of float
        What the compute is.
    digits : float
        Relative accuracy of the numbers in the table.
    """

    name: str
    columns: dict[str, Sequence[Any]]
    outcome: str = "right"
    C: Sequence[float] = tuple(SIX_ND)
    digits: float = 1e-9

    @property
    def csv(self) -> str:
        """The table as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        return text.getvalue()


def whole(values: Iterable[float]) -> list[int]:
    return [round(value) for value in values]


def scaled(values: Iterable[float], unit: float) -> list[float]:
    return [float(f"{value / unit:.12g}") for value in values]


def logs(values: Iterable[float], base: float = 10) -> list[float]:
    return [round(math.log(value, base), 6) for value in values]


def table(params: str = "params", tokens: str = "tokens", loss: str = "loss", **more: Any) -> dict[str, Sequence[Any]]:
    """Return the runs under these names, and further columns."""
    return {params: whole(N), tokens: whole(D), loss: LOSS, **more}


def in_units(params: str, n: float, tokens: str, d: float, loss: str = "loss") -> dict[str, Sequence[Any]]:
    return {params: scaled(N, n), tokens: scaled(D, d), loss: LOSS}


def cases() -> Iterator[Case]:
    """Yield all tables."""
    yield from names()
    yield from units()
    yield from losses()
    yield from several_counts()
    yield from other_columns()
    yield from computes()
    yield from missing()


def names() -> Iterator[Case]:
    for number, header in enumerate(
        [
            ("n_params", "n_tokens", "val_loss"),
            ("num_parameters", "num_train_tokens", "eval_loss"),
            ("Parameters", "Training tokens", "Final loss"),
            ("Model Size", "Dataset Tokens Seen", "Validation Loss"),
            ("numParams", "tokensSeen", "valLoss"),
            ("N", "D", "L"),
            ("N [params]", "D [tokens]", "loss [nats]"),
            ("#params", "#tokens", "loss"),
            ("config.model.n_params", "summary.train.tokens_seen", "summary.eval.loss"),
            ("params.n_params", "metrics.tokens", "metrics.val_loss"),
            ("config/n_params", "train/tokens", "eval/loss"),
            ("hparams/num_params", "hparams/num_tokens", "val/loss"),
            ("user_attrs_n_params", "user_attrs_tokens", "user_attrs_val_loss"),
            ("config.total_params.value", "tokens_processed", "heldout_loss"),
            ("param_count", "tokens_consumed", "dev loss"),
            ("total_parameters", "total_tokens", "test_loss"),
            ("trainable params", "tokens", "valid/ce"),
            ("Parameteranzahl", "Trainingstokens", "Validierungsverlust"),
            ("Paramètres", "Jetons", "Perte de validation"),
            ("parámetros", "tokens", "pérdida"),
            ("参数量", "训练 tokens", "验证损失"),
            ("パラメータ数", "トークン数", "損失"),
            ("N_params", "D_tokens", "cross_entropy_loss"),
            ("model/size", "data/tokens", "lm_loss"),
        ]
    ):
        yield Case(f"names-{number}-{header[0]}", {"run": NAMES, **table(*header)})


def units() -> Iterator[Case]:
    for number, (params, n, tokens, d) in enumerate(
        [
            ("params (M)", 1e6, "tokens (B)", 1e9),
            ("params_m", 1e6, "tokens_b", 1e9),
            ("params_millions", 1e6, "tokens_billions", 1e9),
            ("Parameters, millions", 1e6, "Tokens, billions", 1e9),
            ("params in millions", 1e6, "tokens in billions", 1e9),
            ("Params (mn)", 1e6, "Tokens (bn)", 1e9),
            ("params_mn", 1e6, "tokens_bn", 1e9),
            ("N (x1e6)", 1e6, "D (x1e9)", 1e9),
            ("N / 10^6", 1e6, "D / 10^9", 1e9),
            ("N [10⁶]", 1e6, "D [10⁹]", 1e9),
            ("N (×10^6)", 1e6, "D (×10^9)", 1e9),
            ("params_1e6", 1e6, "tokens_1e9", 1e9),
            ("Mparams", 1e6, "Gtokens", 1e9),
            ("M params", 1e6, "B tokens", 1e9),
            ("million parameters", 1e6, "billion tokens", 1e9),
            ("Model size (billion)", 1e9, "Data (million tokens)", 1e6),
            ("params (k)", 1e3, "tokens (thousands)", 1e3),
            ("size_b", 1e9, "tokens_t", 1e12),
            ("params_B", 1e9, "tokens_B", 1e9),
            ("Parameter (Mio.)", 1e6, "Tokens (Mrd.)", 1e9),
            ("paramètres (millions)", 1e6, "jetons (milliards)", 1e9),
            ("Parámetros (millones)", 1e6, "Tokens (miles de millones)", 1e9),
            ("Parâmetros (milhões)", 1e6, "Tokens (bilhões)", 1e9),
            ("Parametri (milioni)", 1e6, "Token (miliardi)", 1e9),
            ("Parametry (mln)", 1e6, "Tokeny (mld)", 1e9),
            ("Параметры (млн)", 1e6, "Токены (млрд)", 1e9),
            ("パラメータ (百万)", 1e6, "トークン (十億)", 1e9),
            ("매개변수 (백만)", 1e6, "토큰 (십억)", 1e9),
            ("N/M", 1e6, "D/B", 1e9),
            ("$N$ ($\\times 10^{6}$)", 1e6, "$D$ ($\\times 10^9$)", 1e9),
            (r"$N_\mathrm{active}$ [M]", 1e6, "D (1e10)", 1e10),
        ]
    ):
        yield Case(f"units-{number}-{params}", in_units(params, n, tokens, d))
    yield Case("loss-with-b", in_units("params_m", 1e6, "tokens_b", 1e9, "loss_b"))
    yield Case(
        "cells-short", {"size": [f"{n / 1e6:g}m" for n in N], "tokens": [f"{d / 1e9:g}B" for d in D], "loss": LOSS}
    )
    words = [f"{d / 1e9:g} billion" if d >= 1e9 else f"{d / 1e6:g} million" for d in D]
    yield Case("cells-words", {"params": [f"{n / 1e6:g} million" for n in N], "tokens": words, "loss": LOSS})
    yield Case("cells-mixed", {"params": [f"{n / 1e6:g}M" for n in N], "tokens": whole(D), "loss": LOSS})
    powers = [f"{float(f'{n:e}'.split('e')[0]):g}×10^{int(f'{n:e}'.split('e')[1])}" for n in N]
    yield Case("cells-powers", {"params": powers, "tokens": [f"~{d / 1e8:g} x 10⁸" for d in D], "loss": LOSS})
    marked = {"params": [f"**{n / 1e6:g}M**" for n in N], "tokens": [f"{d / 1e9:g}B†" for d in D]}
    yield Case("cells-marked", {**marked, "loss": [f"{loss} ± 0.01" for loss in LOSS]})
    yield Case("unit-not-said", in_units("params", 1e6, "tokens", 1e9), "N D")
    yield Case("unit-not-said-of-one", in_units("params", 1e6, "tokens", 1), "N")
    yield Case("unit-given-by-compute", in_units("params", 1e6, "tokens", 1) | {"flops": SIX_ND})
    yield Case("units-open-despite-compute", in_units("params", 1e6, "tokens", 1e9) | {"flops": SIX_ND}, "N D")
    yield Case("header-says-millions-cells-are-counts", in_units("params (M)", 1, "tokens", 1), "N")
    yield Case("header-says-billions-cells-are-counts", in_units("params", 1, "tokens_b", 1), "D")
    yield Case("logs-10", {"log10(N)": logs(N), "log10(D)": logs(D), "loss": LOSS}, digits=1e-5)
    yield Case("logs-10-words", {"log10 params": logs(N), "log10_tokens": logs(D), "loss": LOSS}, digits=1e-5)
    yield Case(
        "logs-base-by-size", {"log_params": logs(N), "log_tokens": logs(D), "loss": LOSS}, digits=1e-5, outcome="N"
    )
    yield Case("logs-e", {"ln(params)": logs(N, math.e), "ln(tokens)": logs(D, math.e), "loss": LOSS}, digits=1e-5)
    yield Case("logs-2", {"log2(params)": logs(N, 2), "log2 tokens": logs(D, 2), "loss": LOSS}, digits=1e-5)
    yield Case("logs-not-said", {"params": logs(N), "tokens": logs(D), "loss": LOSS}, "N D", digits=1e-5)


def losses() -> Iterator[Case]:
    for number, (others, loss) in enumerate(
        [
            (("loss",), "val_loss"),
            (("train_loss",), "valid_loss"),
            (("train/loss",), "eval/loss"),
            (("summary.train/loss",), "summary.val/loss"),
            (("training_loss", "loss"), "validation_loss"),
            (("train_ce",), "dev_ce"),
            (("loss_train",), "loss_val"),
            (("Loss (train)",), "Loss (val)"),
            (("train_loss",), "test_loss"),
            (("Trainingsverlust",), "Validierungsverlust"),
        ]
    ):
        more = dict.fromkeys(others, TRAIN)
        yield Case(f"loss-{number}-{loss}", {**more, **table(loss=loss)})
        yield Case(f"loss-{number}-{loss}-last", {**table(loss=loss), **more})
    small = [round(0.01 + 0.001 * number, 4) for number in range(12)]
    for number, auxiliary in enumerate(
        ["z_loss", "aux_loss", "load_balancing_loss", "moe/balance_loss", "router_z_loss", "lb_loss", "kl_loss"]
    ):
        yield Case(f"auxiliary-{number}", {auxiliary: small, **table(loss="ce_loss")})
        yield Case(f"auxiliary-{number}-beside-loss", {auxiliary: small, **table()})
        yield Case(f"auxiliary-{number}-in-config", {f"config.{auxiliary}": [1e-4] * 12, **table(loss="summary.loss")})
    yield Case("total-and-ce", {"total_loss": [x + 0.05 for x in LOSS], "aux_loss": small, **table(loss="ce_loss")})
    settings = {"loss_fn": ["ce"] * 12, "loss_scale": [65536.0] * 12, "label_smoothing_loss": [0.1] * 12}
    yield Case("settings-of-a-loss", {**settings, **table(loss="final_loss")})
    statistics = {"loss_std": [0.01] * 11 + [0.02], "loss_min": [x - 0.3 for x in LOSS], "target_loss": TRAIN}
    yield Case(
        "two-losses-of-no-split", {"loss": TRAIN, "final_loss": LOSS, "params": whole(N), "tokens": whole(D)}, "loss"
    )
    yield Case("statistics-of-a-loss", {"loss_std": statistics["loss_std"], "target_loss": TRAIN, **table()})
    yield Case("minimum-and-last", {"loss_min": statistics["loss_min"], **table()}, "loss")
    yield Case("two-validation-losses", {"val_loss_c4": TRAIN, **table(loss="val_loss_wiki")}, "loss")
    yield Case("validation-and-test", {"test_loss": TRAIN, **table(loss="val_loss")}, "loss")
    yield Case("loss-and-training-loss", {"train_loss": TRAIN, **table()}, "loss")
    yield Case("perplexity", {"params": whole(N), "tokens": whole(D), "val_ppl": [math.exp(x) for x in LOSS]})
    yield Case(
        "perplexity-beside-training-loss",
        {"train_loss": TRAIN, "val_ppl": [math.exp(x) for x in LOSS], "params": whole(N), "tokens": whole(D)},
        "loss",
    )
    yield Case(
        "word-perplexity",
        {"params": whole(N), "tokens": whole(D), "word_perplexity": [math.exp(x) for x in LOSS]},
        "loss",
    )
    yield Case(
        "loss-is-perplexity", {"params": whole(N), "tokens": whole(D), "loss": [math.exp(x + 2) for x in LOSS]}, "loss"
    )
    yield Case("bits-per-byte", {"params": whole(N), "tokens": whole(D), "bpb": [x / 3 for x in LOSS]}, "loss")
    yield Case(
        "bits-per-token",
        {"params": whole(N), "tokens": whole(D), "bits_per_token": [x / math.log(2) for x in LOSS]},
        "loss",
    )
    yield Case(
        "loss-in-bits", {"params": whole(N), "tokens": whole(D), "loss (bits)": [x / math.log(2) for x in LOSS]}, "loss"
    )
    yield Case("log-likelihood", {"params": whole(N), "tokens": whole(D), "log_likelihood": [-x for x in LOSS]}, "loss")
    yield Case(
        "normalised-loss", {"params": whole(N), "tokens": whole(D), "loss_normalized": [x - 6 for x in LOSS]}, "loss"
    )
    yield Case("log-of-the-loss", {"params": whole(N), "tokens": whole(D), "log10(loss)": logs(LOSS)}, "loss")
    yield Case("only-training-loss", table(loss="train_loss"))
    yield Case("nothing-called-loss", table(loss="score"), "loss")


def several_counts() -> Iterator[Case]:
    embedding = [round(n * 0.3) for n in N]
    rest = [round(n * 0.7) for n in N]
    both = {"params_embedding": embedding, "params_non_embedding": rest}
    yield Case("embeddings", {"params_embedding": embedding, **table()})
    yield Case("embeddings-wte", {"params_wte": embedding, "params_wpe": embedding, **table("params_total")})
    yield Case("with-and-without-embeddings", {**both, **table("params_total")}, "N")
    yield Case("with-and-without-embeddings-and-compute", {**both, **table("params_total"), "flops": SIX_ND})
    yield Case(
        "compute-of-non-embedding",
        {"total_params": [round(n * 1.4) for n in N], **table("non_embedding_params"), "flops": SIX_ND},
    )
    yield Case("only-non-embedding", table("non_embedding_params"))
    yield Case("excluding-embeddings", table("params (excl. embeddings)"))
    yield Case("trainable-and-total", {"total_params": [round(n * 1.4) for n in N], **table("trainable_params")}, "N")
    yield Case("N-and-params", {"params": embedding, **table("N")}, "N")
    yield Case("same-numbers-twice", {"n_params": whole(N), **table()})
    total = [round(8 * n) for n in N]
    for number, (all_of, active) in enumerate(
        [
            ("total_params", "active_params"),
            ("params", "params_active"),
            ("n_params_total", "n_params_activated"),
            ("config.params", "config.active_params"),
        ]
    ):
        yield Case(f"experts-{number}", {all_of: total, **table(active)})
    yield Case(
        "experts-in-billions",
        {"total_params_b": scaled(total, 1e9), "active_params_b": scaled(N, 1e9), "tokens": whole(D), "loss": LOSS},
    )
    shape = {"n": list(range(12, 24)), "d": [768] * 12}
    yield Case("layers-n-width-d", {**shape, **table("N", "D")})
    yield Case("layers-n-width-d-words", {**shape, **table()})
    shape = {
        "d_model": [512] * 12,
        "n_layers": list(range(6, 18)),
        "n_heads": [8] * 12,
        "d_ff": [2048] * 12,
        "n_vocab": [50257] * 12,
    }
    yield Case("shape-of-the-model", {**shape, **table()})
    parts = {"attn_params": embedding, "mlp_params": rest, "lora_params": embedding}
    yield Case("parts-of-the-model", {**parts, **table("n_params")})
    yield Case("encoder-and-decoder", {"encoder_params": embedding, **table("decoder_params")}, "N")
    yield Case("memory", {"model_size_mb": [round(n / 1e6 * 4) for n in N], **table("n_params")})
    yield Case("size-of-the-file", {"params_bytes": [round(n * 2) for n in N], **table("n_params")})


def other_columns() -> Iterator[Case]:
    rates = {
        "tokens/sec": [120_000 + k for k in range(12)],
        "tokens_per_second": [120_000 + k for k in range(12)],
        "tok/s": [120_000 + k for k in range(12)],
        "throughput_tokens": [120_000 + k for k in range(12)],
        "tokens_per_gpu": [d / 8 for d in D],
        "tokens_per_step": [524_288] * 12,
        "batch_tokens": [524_288] * 12,
        "tokens_per_param": [d / n for n, d in zip(N, D, strict=True)],
        "unique_tokens": [5e9 + k for k in range(12)],
        "eval_tokens": [1e7 + k for k in range(12)],
        "seq_len_tokens": [2048] * 12,
    }
    for name, values in rates.items():
        yield Case(f"rate-{name}", {name: values, **table(tokens="tokens_total")})
        yield Case(f"rate-{name}-beside-tokens", {**table(), name: values})
    peaks = {
        "gpu_peak_flops": [989e12] * 12,
        "flops_per_second": [4e14 + k for k in range(12)],
        "FLOP/s": [4e14 + k for k in range(12)],
        "flops_per_token": [6 * n for n in N],
        "achieved_flops": [4e14 + k for k in range(12)],
        "mfu": [0.4 + k / 100 for k in range(12)],
        "forward_flops": [2 * n for n in N],
        "compute_hours": [c / 4e14 / 3600 for c in SIX_ND],
        "gpu_hours": [c / 4e14 / 3600 for c in SIX_ND],
    }
    for name, values in peaks.items():
        yield Case(f"rate-{name}", {name: values, **table()})
        yield Case(f"rate-{name}-beside-compute", {name: values, **table(), "train_flops": SIX_ND})
    yield Case("constant-flops", {"flops": [312e12] * 12, **table()}, "C")
    yield Case("flops-of-a-token", {"flops": [6 * n for n in N], **table()}, "C")
    text = {"param_dtype": ["bf16"] * 12, "data.tokens_path": ["/data/x.bin"] * 12, "loss_fn": ["ce"] * 12}
    yield Case("text-in-the-way", {**text, **table("num_params_total", "data.num_tokens", "ce_loss")})
    yield Case("model-names", {"model": [f"gpt-{n / 1e6:g}m" for n in N], "params_name": NAMES, **table()})
    settings = {"params.batch_size": [256] * 12, "params.lr": [3e-4] * 12, "params.seed": list(range(12))}
    yield Case("settings-under-params", {**settings, **table("params.n_params", "params.tokens", "metrics.val_loss")})
    optuna = {"number": list(range(12)), "value": LOSS, "params_lr": [1e-4] * 12, "params_n_layers": [12] * 12}
    yield Case(
        "optuna",
        {**optuna, "user_attrs_n_params": whole(N), "user_attrs_tokens": whole(D), "state": ["COMPLETE"] * 12},
        "loss",
    )
    yield Case("samples-beside-tokens", {"samples": [d / 2048 for d in D], **table()})
    yield Case(
        "samples-and-length",
        {"params": whole(N), "samples": [d / 2000 for d in D], "seq_len": [2000] * 12, "loss": LOSS},
        "D",
    )
    yield Case(
        "epochs-of-a-dataset",
        {"params": whole(N), "dataset_tokens": [d / 4 for d in D], "epochs": [4] * 12, "loss": LOSS},
        "D",
    )
    yield Case("bytes", table(tokens="Training bytes"), "D")
    steps = {"steps": [d / 2**19 for d in D], "batch_size": [256] * 12, "seq_len": [2048] * 12}
    yield Case("steps", {"params": whole(N), **steps, "loss": LOSS}, "D")
    passes = {"steps": steps["steps"], "batch_size": [8] * 12, "grad_accum": [4] * 12, "world_size": [8] * 12}
    yield Case("steps-of-passes", {"params": whole(N), **passes, "seq_len": [2048] * 12, "loss": LOSS}, "D")
    yield Case("data-are-n", {"m": whole(N), "n": whole(D), "loss": LOSS}, "N D")
    yield Case("difference-of-losses", {"val_loss_gap": [0.2] * 11 + [0.21], **table(loss="val_loss")})
    yield Case("steps-beside-tokens", {**steps, **table()})


def computes() -> Iterator[Case]:
    for number, (name, unit) in enumerate(
        [
            ("flops", 1),
            ("Training FLOP", 1),
            ("C", 1),
            ("EFLOPs", 1e18),
            ("train_compute (EFLOP)", 1e18),
            ("compute [PF-days]", 8.64e19),
            ("PFLOP/s-days", 8.64e19),
            ("pf_days", 8.64e19),
            ("petaflop/s-days", 8.64e19),
            ("GFLOPs", 1e9),
            ("ZFLOP", 1e21),
            ("total_flops_1e18", 1e18),
            ("FLOPs (1e18)", 1e18),
            ("compute_tflops", 1e12),
            ("exaFLOPs", 1e18),
            ("C (10^18 FLOPs)", 1e18),
            ("FLOPs (e19)", 1e19),
            ("C [10²⁰ FLOP]", 1e20),
            ("compute", 1e15),
            ("Rechenaufwand (FLOP)", 1),
        ]
    ):
        yield Case(f"compute-{number}-{name}", {**table(), name: scaled(SIX_ND, unit)})
        if name != "compute":
            outcome = "C" if name == "GFLOPs" else "right"  # which are FLOP/s as often
            compute = {name: scaled(SIX_ND, unit)}
            yield Case(f"compute-{number}-{name}-without-D", {"params": whole(N), "loss": LOSS, **compute}, outcome)
            yield Case(f"compute-{number}-{name}-without-N", {"tokens": whole(D), "loss": LOSS, **compute}, outcome)
    yield Case("compute-log", {**table(), "log10_flops": logs(SIX_ND)}, digits=1e-5)
    measured = [1.3 * c for c in SIX_ND]
    yield Case("compute-measured", {**table(), "flops": measured}, C=measured)
    yield Case("compute-far-off", {**table(), "flops": [1e6 * c for c in SIX_ND]}, "C")
    yield Case("two-computes", {**table(), "flops_6nd": SIX_ND, "flops_measured": measured}, "C")


def missing() -> Iterator[Case]:
    negative = [-loss for loss in LOSS]
    yield Case("validation-is-negative", {"train_loss": TRAIN, **table(loss="val_loss"), "val_loss": negative}, "loss")
    yield Case(
        "validation-is-text", {"train_loss": TRAIN, **table(loss="val_loss"), "val_loss": ["see log"] * 12}, "loss"
    )
    yield Case("validation-is-empty", {"val_loss": [""] * 12, **table(loss="train_loss")})
    rate = {"pflops": [3.1 + k / 10 for k in range(12)]}
    yield Case("a-rate-without-D", {"params": whole(N), "loss": LOSS, **rate}, "C")
    yield Case("tokens-in-another-unit-than-said", in_units("params (M)", 1e6, "tokens (M)", 1e9), "D")
    yield Case("hundreds-of-millions", in_units("params (hundreds of millions)", 1e8, "tokens", 1), "N")
    yield Case("crores", in_units("params (crore)", 1e7, "tokens", 1))
    yield Case("ten-millions", in_units("params (10^7)", 1e7, "tokens", 1))
    yield Case("chinese-units", in_units("参数量 (亿)", 1e8, "训练tokens (十亿)", 1e9, "验证损失"))
    yield Case("letters-with-words", {"N_total": whole(8 * n for n in N), **table("N_active", "D_train")})
    layers = [6 + k for k in range(12)]
    yield Case("layers-L", {"L": layers, "d": [512] * 12, "params": whole(N), "tokens": whole(D), "val": LOSS}, "loss")
    yield Case("layers-L-beside-the-loss", {"L": layers, **table("N", "D")})
    yield Case("letters-of-other-things", {"N_layers": [12] * 12, "D_model": [768] * 12, **table()})
    twice = {"params": whole(N) * 2, "tokens": whole(D) * 2, "loss": TRAIN + LOSS}
    yield Case("rows-of-splits", {"run": NAMES * 2, "split": ["train"] * 12 + ["val"] * 12, **twice}, "loss")
    yield Case("rows-of-phases", {"Phase": ["Training"] * 12 + ["Validation"] * 12, **twice}, "loss")
    yield Case("rows-of-data-sets", {"dataset": ["c4"] * 12 + ["pile"] * 12, **twice}, "loss")
    yield Case("rows-of-tasks", {"name": NAMES * 2, "eval_task": ["arc"] * 12 + ["piqa"] * 12, **twice}, "loss")
    tasks = {"dataset": ["c4"] * 24, "task": ["arc"] * 12 + ["piqa"] * 12}
    yield Case("rows-of-tasks-after-one-data-set", {**tasks, **twice}, "loss")
    yield Case("data-sets-of-runs", {"dataset": ["c4"] * 6 + ["pile"] * 6, **table()})
    yield Case("one-split", {"split": ["val"] * 12, "dataset": ["c4"] * 12, **table()})
    yield Case("letters-with-splits", {**table("N", "D", "L_val"), "L_train": TRAIN})
    yield Case("thousands-of-tokens", in_units("params", 1, "kTokens", 1e3))
    yield Case("percent-of-tokens", {"tokens (%)": [10] * 12, **table()})
    yield Case("nats-in-cells", {**table(), "loss": [f"{loss} nats" for loss in LOSS]})
    yield Case("no-loss", {"params": whole(N), "tokens": whole(D)}, "loss")
    yield Case("no-N", {"tokens": whole(D), "loss": LOSS}, "N")
    yield Case("no-D", {"params": whole(N), "loss": LOSS}, "D")
    yield Case("no-names", {"a": whole(N), "b": whole(D), "c": LOSS}, "N D loss")
    yield Case("D-is-steps", {"params": whole(N), "tokens": [d / 2**20 + 1e4 for d in D], "loss": LOSS}, "D")
