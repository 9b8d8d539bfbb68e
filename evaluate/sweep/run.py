"""A whole sweep: from the store to the points of one engine, beside those of the other where it ran before."""

from pathlib import Path

from firsthand.commandline import note
from firsthand.errors import InputError
from firsthand.evaluate.sweep.config import SweepConfig
from firsthand.evaluate.sweep.engine import Ran
from firsthand.evaluate.sweep.outcome import EvalTable, Point, Refit, Sweep
from firsthand.evaluate.sweep.plan import mixes
from firsthand.evaluate.sweep.points import on_table, points_file, read_points, write_points
from firsthand.evaluate.sweep.read import Facts, Material, read_material
from firsthand.store import Store


def run_sweep(store: Store, config: SweepConfig, out: Path) -> tuple[Sweep, Refit | None]:
    """Train the sweep's models and write their points to `out`; the refit is the fast engine's.

    An interrupted sweep goes on: features and finished models are kept. Raises InputError where the store can't carry
    a sweep, and as the engines do.
    """
    _open_folder(out)
    material = read_material(store, config)
    note(f"{material.judge}: {', '.join(f'{value:,} {name}' for name, value in _counts(material.facts))}")
    ran = _engine(store, material, config, out)
    write_points(points_file(out, config.engine), material.judge, ran.table, ran.points)
    other_engine = "full" if config.engine == "fast" else "fast"
    other = _other(out, other_engine, material.judge, ran.table)
    sweep = Sweep(
        table=ran.table,
        judge=material.judge,
        own=material.own,
        points=ran.points,
        engine=config.engine,
        training_prompts=material.training_prompts,
        relation=material.relation,
        mix=mixes(material, config),
        sized=(config.rows, config.human_rows) != ("max", "max"),
        other=other,
        other_engine=other_engine if other else "",
        facts={**material.facts, **ran.facts},
    )
    return sweep, ran.refit


def _open_folder(out: Path) -> None:
    """Make the folder `out`; raises InputError where that can't be done."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"can't write the sweep to {out}: {error.strerror}; choose another --out") from error


def _engine(store: Store, material: Material, config: SweepConfig, out: Path) -> Ran:
    if config.engine == "fast":
        from firsthand.evaluate.sweep.fast import run_fast

        return run_fast(store, material, config)
    from firsthand.evaluate.sweep.full import run_full

    return run_full(store, material, config, out)


def _other(out: Path, engine: str, judge: str, table: EvalTable) -> tuple[Point, ...]:
    """The points of the other engine on this table, none where it did not run or ran on something else."""
    path = points_file(out, engine)
    saved = read_points(path)
    if saved is None:
        return ()
    points = on_table(saved, judge, table)
    if points is None:
        note(f"{path} is of another judge or anchor; the page shows this engine alone")
    return points or ()


def _counts(facts: Facts) -> list[tuple[str, int]]:
    return [(name, value) for name, value in facts.items() if isinstance(value, int)]
