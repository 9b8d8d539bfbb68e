"""The command `firsthand evaluate audit`."""

import argparse
from pathlib import Path
from typing import Any

from firsthand.commandline import add_command, note, say, say_json
from firsthand.errors import InputError

FAILED_ON = 3
"""The exit status of a --fail-on condition that holds."""


def add_audit_command(group: Any) -> None:
    """Add `audit` to the evaluate commands."""
    parser = add_command(
        group, "audit", audit, "find out whether judges favour their own kind", store=True, as_json=True
    )
    parser.add_argument(
        "config", type=Path, nargs="?", metavar="CONFIG", help="YAML; configs/audit.yaml explains every key"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for audit.json, its tables and report.html")
    parser.add_argument(
        "--fail-on",
        choices=["detected"],
        help=f"exit with status {FAILED_ON} where a bias is detected beside all else that was tested",
    )
    parser.add_argument(
        "--plan",
        action="store_true",
        help="instead, tell how many votes of people would rule a bias of the margin out",
    )


def audit(args: argparse.Namespace) -> int | None:
    """Audit the store's judges, write what was found, and print it."""
    from firsthand.config import load_config
    from firsthand.evaluate.audit.config import AuditConfig
    from firsthand.evaluate.audit.lineage import lineages_of, read_lineages
    from firsthand.evaluate.audit.read import read_table
    from firsthand.store import Store

    if args.plan and (args.out or args.fail_on):
        raise InputError(f"--plan audits nothing: leave {'--out' if args.out else '--fail-on'} out, or --plan")
    if not args.plan and args.out is None:
        raise InputError("--out DIR is missing: the folder that the audit is written to")
    config = load_config(args.config, AuditConfig) if args.config else AuditConfig()
    known = read_lineages(config.lineage)
    with Store(args.store, must_exist=True) as store:
        counts = store.counts()
        if args.plan and not counts.human + counts.synthetic:
            _plan(args, None, {}, config)
            return None
        table = read_table(store, config)
    lineages = lineages_of(table, known)
    if args.plan:
        _plan(args, table, lineages, config)
        return None

    from firsthand.evaluate.audit.biases import holding
    from firsthand.evaluate.audit.files import open_folder, write_files
    from firsthand.evaluate.audit.report import write_report
    from firsthand.evaluate.audit.run import audit_json, run_audit
    from firsthand.evaluate.audit.text import audit_text, fail_on_lines

    open_folder(args.out)
    found = run_audit(table, lineages, config)
    page = args.out / "report.html"
    write_report(page, found.findings, table, lineages, config)
    for path in (*write_files(found, args.out), page):
        note(f"wrote {path}")
    if args.json:
        say_json(audit_json(found))
    else:
        say(audit_text(found))
    if not args.fail_on:
        return None
    for line in fail_on_lines(found):
        note(line)
    return FAILED_ON if holding(found.findings, config.alpha) else None


def _plan(args: argparse.Namespace, *given: Any) -> None:
    from firsthand.evaluate.audit.planning import make_plan, plan_json, plan_text

    found = make_plan(*given)
    if args.json:
        say_json(plan_json(found))
    else:
        say(plan_text(found))
