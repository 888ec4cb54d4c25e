"""Write a run as MLflow's store of files does; ``python mlflow_store.py STORE RUN N D LOSS ...`` writes one, too.

The layout was compared with that of MLflow 3.17 (`tests/integrations/test_mlflow.py` reads what MLflow itself writes).
"""

from __future__ import annotations

import sys
from pathlib import Path

META = "experiment_id: '0'\nlifecycle_stage: {stage}\nrun_id: {run}\nrun_name: {name}\nstatus: {status}\n"


def write_run(
    store: Path,
    run: str,
    params: dict[str, object],
    metrics: dict[str, list[float]],
    *,
    name="",
    stage="active",
    status=3,
) -> Path:
    experiment = store / "0"
    folder = experiment / run
    for kind in ("params", "metrics", "tags"):
        (folder / kind).mkdir(parents=True)
    (experiment / "meta.yaml").write_text("experiment_id: '0'\nname: Default\n")
    for param, value in params.items():
        path = folder / "params" / param
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(value))
    for metric, values in metrics.items():
        path = folder / "metrics" / metric
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{1700000000000 + step} {value} {step}\n" for step, value in enumerate(values)))
    (folder / "meta.yaml").write_text(META.format(run=run, name=name or run, stage=stage, status=status))
    return folder


if __name__ == "__main__":
    STORE, RUN, N, D, *LOSSES = sys.argv[1:]
    write_run(Path(STORE), RUN, {"n_params": N, "n_tokens": D}, {"loss": [float(loss) for loss in LOSSES]})
