"""A whole sweep: from the store to the points of one engine, beside those of the other where it ran before."""

from pathlib import Path

from firsthand.commandline import note
from firsthand.errors import InputError
from firsthand.evaluate.sweep.config import Engine, SweepConfig
from firsthand.evaluate.sweep.engine import Ran
from firsthand.evaluate.sweep.outcome import Refit, Sweep
from firsthand.evaluate.sweep.plan import check_ratios, left_out, mixes
from firsthand.evaluate.sweep.points import on_table, points_file, read_points, run_identity, write_points
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
    for name, pools in material.pools.items():
        for text in left_out(pools, config):
            note(f"arm {name}: {text}")
    check_ratios(material, config)
    other_engine: Engine = "full" if config.engine == "fast" else "fast"
    saved = read_points(points_file(out, other_engine))  # a broken file is told before anything is trained
    ran = _engine(store, material, config, out)
    write_points(points_file(out, config.engine), run_identity(material, config, config.engine), ran.table, ran.points)
    other = None if saved is None else on_table(saved, run_identity(material, config, other_engine), ran.table)
    if saved is not None and other is None:
        note(
            f"{points_file(out, other_engine)} is of other labels, another anchor or another configuration; the page "
            "shows this engine alone"
        )
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
        other=other or (),
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


def _counts(facts: Facts) -> list[tuple[str, int]]:
    return [(name, value) for name, value in facts.items() if isinstance(value, int)]
