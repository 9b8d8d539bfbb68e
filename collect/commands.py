"""The `firsthand collect` commands."""

import argparse
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firsthand.collect.accounts.commands import add_rater_commands
from firsthand.collect.generate.commands import add_generate_commands
from firsthand.collect.judge.commands import add_judge_commands
from firsthand.collect.status import add_status_command
from firsthand.commandline import Handler, add_command, note, say, say_json
from firsthand.errors import InputError

if TYPE_CHECKING:
    from firsthand.collect.importing import Summary

REASONS_SHOWN = 10


def add_collect_commands(group: Any, serve: Handler) -> None:
    """Add the commands of this group; `serve` runs the rating site, which is put together of all three groups."""
    importing = add_command(
        group,
        "import",
        import_files,
        "take preferences from files or datasets into the store",
        store=True,
        as_json=True,
    )
    importing.add_argument("files", nargs="+", metavar="FILE", help="a file, a dataset folder, or a Hugging Face name")
    importing.add_argument("--format", metavar="F", help="the format, where it is not to be told from the content")
    importing.add_argument("--map", metavar="M.yaml", type=Path, help="a column map, for any other table")
    importing.add_argument(
        "--source", choices=("human", "synthetic"), help="for verdicts that do not say who gave them"
    )
    importing.add_argument("--annotator", metavar="NAME", help="for verdicts that do not name their annotator")
    importing.add_argument("--allow-rejected", action="store_true", help="end with status 0 though lines were rejected")
    exporting = add_command(group, "export", export, "write what the store holds to a file", store=True, as_json=True)
    exporting.add_argument("file", metavar="FILE", type=Path, help=".jsonl, .jsonl.gz, .parquet, .csv or .json")
    exporting.add_argument(
        "--format", metavar="F", help="native, votes, trl, argilla or label-studio, where the name does not tell"
    )
    add_status_command(group)
    add_generate_commands(group)
    add_judge_commands(group)
    add_rater_commands(group)
    serving = add_command(group, "serve", serve, "open the rating site for people to compare responses", store=True)
    serving.add_argument("config", metavar="CONFIG", type=Path, nargs="?", help="configs/serve.yaml explains it")
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    serving.add_argument("--port", type=int, default=7860, help="port to listen on; 0 takes a free one (default: 7860)")


def import_files(args: argparse.Namespace) -> int:
    """Import each file; status 2 when lines were rejected, or a file could not be read."""
    from firsthand.collect.importing import Options, Summary, import_file
    from firsthand.collect.reading import named_format
    from firsthand.collect.work.renewing import prepare_new_work
    from firsthand.store import Store

    options = Options(args.format, args.map, args.source, args.annotator)
    named_format(options)
    summaries = []
    with Store(args.store) as store:
        for name in args.files:
            others = [Path(other) for other in args.files if other != name]
            try:
                summary = import_file(store, name, options, others)
            except InputError as error:
                note(f"firsthand: {error}")
                summary = Summary(name, "", problem=str(error))
            summaries.append(summary)
            if not args.json and not summary.problem:
                _tell(summary)
        prepare_new_work(store)
    if args.json:
        say_json([_fields(summary) for summary in summaries])
    unread = any(summary.problem for summary in summaries)
    rejected = any(summary.rejected for summary in summaries) and not args.allow_rejected
    return InputError.exit_status if unread or rejected else 0


def export(args: argparse.Namespace) -> None:
    """Export the store to one file."""
    from firsthand.collect.exporting import export_file
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        summary = export_file(store, args.file, args.format)
    if args.json:
        say_json(_fields(summary))
        return
    say(f"{summary.file} ({summary.format}): {summary.rows:,} rows")
    _tell_reasons("left out", summary.left_out)


def _fields(summary: Any) -> dict[str, Any]:
    return {field.name: getattr(summary, field.name) for field in fields(summary)}


def _tell(summary: "Summary") -> None:
    counts = f"{summary.added:,} added, {summary.replaced:,} replaced, {summary.known:,} known already"
    say(f"{summary.file} ({summary.format}): {summary.rows:,} rows; {counts}")
    _tell_reasons("left out", summary.left_out)
    _tell_reasons("rejected", summary.rejected)
    if summary.rejected_file:
        say(f"  the rejected rows are in {summary.rejected_file}")
    if summary.ignored_columns:
        note(f"  columns not read: {', '.join(summary.ignored_columns)}")
    if summary.missing_columns:
        note(f"  columns named for tags that no row has: {', '.join(summary.missing_columns)}")


def _tell_reasons(what: str, reasons: Counter[str]) -> None:
    if not reasons:
        return
    say(f"  {reasons.total():,} {what}:")
    for reason, count in reasons.most_common(REASONS_SHOWN):
        say(f"    {count:>7,}  {reason}")
    others = reasons.most_common()[REASONS_SHOWN:]
    if others:
        say(f"    {sum(count for _, count in others):>7,}  for {len(others)} other reasons")
