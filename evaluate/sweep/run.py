"""A whole sweep: from the store to the points of one engine, beside those of the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firsthand.bootstrap import IntArray
from firsthand.commandline import note
from firsthand.errors import InputError
from firsthand.evaluate.sweep.config import SweepConfig
from firsthand.evaluate.sweep.engine import Ran
from firsthand.evaluate.sweep.outcome import Point, Refit, Sweep
from firsthand.evaluate.sweep.plan import check_ratios, left_out, mixes
from firsthand.evaluate.sweep.points import on_table, points_file, read_points, run_identity, write_points
from firsthand.evaluate.sweep.read import Facts, Material, read_material
from firsthand.evaluate.table import counted
from firsthand.store import Store


@dataclass(frozen=True, slots=True)
class _Made:
    """What an engine made, the refit that its intervals rest on, and the other engine's points on the same table."""

    ran: Ran
    refit: Refit
    other: tuple[Point, ...]


def run_sweep(store: Store, config: SweepConfig, out: Path) -> tuple[Sweep, Refit]:
    """Train the sweep's models and write their points to `out`; the refit is the fast engine's, for both engines.

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
    done = (_fast if config.engine == "fast" else _full)(store, material, config, out)
    ran = done.ran
    write_points(points_file(out, config.engine), run_identity(material, config, config.engine), ran.table, ran.points)
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
        other=done.other,
        other_engine=("full" if config.engine == "fast" else "fast") if done.other else "",
        scripted=material.scripted,
        facts={**material.facts, **ran.facts},
    )
    return sweep, done.refit


def _fast(store: Store, material: Material, config: SweepConfig, out: Path) -> _Made:
    """The fast engine; beside it the full one's points, where it ran in `out` on the same."""
    from firsthand.evaluate.sweep.fast import run_fast

    saved = read_points(points_file(out, "full"))  # a broken file is told before anything is trained
    ran, refit = run_fast(store, material, config)
    if saved is None:
        return _Made(ran, refit, ())
    lacking = set(ran.table.comparison_id) - set(saved.comparison_id)
    if saved.identity != run_identity(material, config, "full"):
        why = "of other labels, another anchor, another model or another configuration"
    elif lacking:
        why = f"without {counted(len(lacking), 'comparison')} of the anchor, too long for its model"
    else:
        return _Made(ran, refit, on_table(saved.points, saved.comparison_id, ran.table))
    note(
        f"{points_file(out, 'full')} is {why}; the page shows the fast engine alone. --engine full compares the two on "
        "what both measured"
    )
    return _Made(ran, refit, ())


def _full(store: Store, material: Material, config: SweepConfig, out: Path) -> _Made:
    """The full engine, and the fast one on what it measured.

    Training real models again on other prompts costs too much; what that changes is told from the fast engine.
    """
    from firsthand.evaluate.sweep.fast import run_fast
    from firsthand.evaluate.sweep.full import run_full

    beside, again = run_fast(store, material, config)  # first: what it refuses is told before hours of training
    ran = run_full(store, material, config, out)

    def measured(points: Sequence[Point]) -> tuple[Point, ...]:
        return on_table(points, beside.table.comparison_id, ran.table)

    def refit(counts: IntArray) -> tuple[Point, ...]:
        return measured(again(counts))

    return _Made(ran, refit, measured(beside.points))


def _open_folder(out: Path) -> None:
    """Make the folder `out`; raises InputError where that can't be done."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"can't write the sweep to {out}: {error.strerror}; choose another --out") from error


def _counts(facts: Facts) -> list[tuple[str, int]]:
    return [(name, value) for name, value in facts.items() if isinstance(value, int)]
