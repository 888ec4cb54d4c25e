"""The twelve runs that the tests of tables write in many shapes."""

from __future__ import annotations

RUNS = tuple(
    {"run": f"r{number}", "n_params": N, "tokens": D, "val_loss": loss}
    for number, (N, D, loss) in enumerate(
        [
            (20_000_000, 100_000_000, 5.0086),
            (20_000_000, 300_000_000, 4.3816),
            (20_000_000, 800_000_000, 3.9849),
            (60_000_000, 300_000_000, 4.0025),
            (60_000_000, 900_000_000, 3.5662),
            (60_000_000, 2_400_000_000, 3.2901),
            (200_000_000, 1_000_000_000, 3.2476),
            (200_000_000, 3_000_000_000, 2.9543),
            (200_000_000, 8_000_000_000, 2.7687),
            (600_000_000, 3_000_000_000, 2.777),
            (600_000_000, 9_000_000_000, 2.5729),
            (600_000_000, 24_000_000_000, 2.4437),
        ]
    )
)
NAMES = tuple(RUNS[0])


def lines(separator: str = ",", header: bool = True) -> list[str]:
    """Return the runs as lines of text, below one of the names of their columns."""
    rows = [separator.join(str(value) for value in run.values()) for run in RUNS]
    return [separator.join(NAMES), *rows] if header else rows
