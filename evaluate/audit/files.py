"""What an audit writes: audit.json and its tables as CSV."""

import csv
import json
from pathlib import Path

from firsthand.errors import InputError
from firsthand.evaluate.audit.run import Audit, audit_json

# A spreadsheet reads a cell that starts with one of these as a formula, and names come from the data.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def open_folder(out: Path) -> None:
    """Make the folder `out`; raises InputError where that can't be done."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"can't write the audit to {out}: {error.strerror}; choose another --out") from error


def write_files(audit: Audit, out: Path) -> list[Path]:
    """Write audit.json and a CSV file for each table into `out`; returns their paths.

    The file of a table that has no rows is removed: it would be an earlier audit's.
    """
    written = [out / "audit.json"]
    text = json.dumps(audit_json(audit), indent=2, ensure_ascii=False, allow_nan=False)
    written[0].write_text(text + "\n", encoding="utf-8")
    for name, rows in audit.tables.items():
        if not rows:
            (out / f"{name}.csv").unlink(missing_ok=True)
        else:
            written.append(out / f"{name}.csv")
            with written[-1].open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(rows[0])
                writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return written


def _cell(value: object) -> object:
    """A value as a spreadsheet may open it: a text is never taken for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
