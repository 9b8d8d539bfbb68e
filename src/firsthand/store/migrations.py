"""The numbered steps from an empty database to the current schema.

A step is never edited once released: a change of the schema is a new step at the end. Each runs inside the one
transaction of `migrate`, so an interrupted upgrade leaves the old schema whole.
"""

import sqlalchemy as sa

from firsthand.errors import InputError

# CHECK (x = 'a' OR x = 'b'), not IN: SQLite builds a table for every IN list on every insert, which took a fifth of
# the time of an import. {key} stands for what SQLite and PostgreSQL spell differently.
MIGRATIONS: list[list[str]] = [
    [
        "CREATE TABLE prompts (id TEXT PRIMARY KEY, messages TEXT NOT NULL)",
        """CREATE TABLE comparisons (
            id TEXT PRIMARY KEY,
            prompt_id TEXT NOT NULL REFERENCES prompts (id),
            response_a_id TEXT NOT NULL,
            response_b_id TEXT NOT NULL,
            author_a TEXT,
            author_b TEXT,
            length_a INTEGER,
            length_b INTEGER,
            tags TEXT NOT NULL,
            response_a TEXT,
            response_b TEXT
        )""",
        """CREATE TABLE annotators (
            name TEXT PRIMARY KEY,
            source TEXT NOT NULL CHECK (source = 'human' OR source = 'synthetic'),
            model TEXT,
            simulated BOOLEAN NOT NULL
        )""",
        "CREATE TABLE lineages (name TEXT PRIMARY KEY, family TEXT)",
        """CREATE TABLE preferences (
            id {key},
            comparison_id TEXT NOT NULL REFERENCES comparisons (id),
            annotator TEXT NOT NULL REFERENCES annotators (name),
            verdict TEXT NOT NULL CHECK (
                verdict = 'a' OR verdict = 'b' OR verdict = 'tie' OR verdict = 'both_bad' OR verdict = 'skip'
            ),
            p_a DOUBLE PRECISION CHECK (p_a BETWEEN 0 AND 1),
            strength INTEGER CHECK (strength BETWEEN 1 AND 3),
            shown_first TEXT NOT NULL CHECK (
                shown_first = 'a' OR shown_first = 'b' OR shown_first = 'both' OR shown_first = ''
            ),
            seconds DOUBLE PRECISION,
            rationale TEXT,
            criteria TEXT NOT NULL,
            prompt_sha256 TEXT NOT NULL,
            repeat INTEGER NOT NULL,
            swap_consistent BOOLEAN,
            gold BOOLEAN NOT NULL,
            created_at TEXT,
            detail TEXT NOT NULL,
            recorded_at TEXT NOT NULL,
            supersedes INTEGER REFERENCES preferences (id),
            is_current BOOLEAN NOT NULL
        )""",
        """CREATE UNIQUE INDEX one_current_verdict
            ON preferences (comparison_id, annotator, shown_first, prompt_sha256, repeat) WHERE is_current""",
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ],
    [
        """CREATE TABLE accounts (
            id TEXT PRIMARY KEY,
            login TEXT UNIQUE,
            password TEXT,
            role TEXT NOT NULL CHECK (role = 'rater' OR role = 'expert' OR role = 'admin' OR role = 'auditor'),
            tags TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state = 'active' OR state = 'paused' OR state = 'removed'),
            state_reason TEXT,
            consent TEXT,
            consent_at TEXT,
            practised_at TEXT,
            generation INTEGER NOT NULL,
            created_at TEXT NOT NULL
        )""",
        """CREATE TABLE invitations (
            token_sha256 TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            used_at TEXT
        )""",
        "CREATE TABLE login_attempts (id {key}, who TEXT NOT NULL, at TEXT NOT NULL)",
        "CREATE INDEX attempts_of ON login_attempts (who, at)",
        """CREATE TABLE account_events (
            id {key},
            account TEXT NOT NULL REFERENCES accounts (id),
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            actor TEXT,
            detail TEXT NOT NULL
        )""",
        """CREATE TABLE work (
            comparison_id TEXT PRIMARY KEY REFERENCES comparisons (id),
            position DOUBLE PRECISION NOT NULL,
            tag TEXT NOT NULL,
            is_gold BOOLEAN NOT NULL,
            overlap BOOLEAN NOT NULL,
            disputed BOOLEAN NOT NULL,
            information INTEGER NOT NULL CHECK (information BETWEEN 0 AND 10),
            requeued INTEGER NOT NULL,
            target INTEGER NOT NULL,
            taken INTEGER NOT NULL CHECK (taken >= 0),
            skipped INTEGER NOT NULL CHECK (skipped >= 0),
            is_open BOOLEAN NOT NULL
        )""",
        "CREATE INDEX open_work ON work (tag, overlap, taken, information, position) WHERE is_open",
        "CREATE INDEX gold_work ON work (position) WHERE is_gold",
        "CREATE INDEX disputed_work ON work (position) WHERE disputed",
        """CREATE TABLE pools (
            tag TEXT,
            overlap BOOLEAN,
            taken INTEGER,
            information INTEGER,
            size INTEGER NOT NULL,
            PRIMARY KEY (tag, overlap, taken, information)
        )""",
        """CREATE TABLE leases (
            id TEXT PRIMARY KEY,
            comparison_id TEXT NOT NULL REFERENCES comparisons (id),
            rater TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind = 'new' OR kind = 'gold' OR kind = 'repeat' OR kind = 'adjudication'),
            state TEXT NOT NULL CHECK (state = 'held' OR state = 'done' OR state = 'skipped' OR state = 'expired'),
            shown_first TEXT NOT NULL CHECK (shown_first = 'a' OR shown_first = 'b'),
            policy TEXT NOT NULL,
            propensity DOUBLE PRECISION CHECK (propensity BETWEEN 0 AND 1),
            granted_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            done_at TEXT,
            answer TEXT,
            UNIQUE (comparison_id, rater, shown_first)
        )""",
        "CREATE INDEX leases_of_rater ON leases (rater, state, granted_at)",
        "CREATE INDEX answers_of_rater ON leases (rater, done_at) WHERE done_at IS NOT NULL",
        "CREATE INDEX leases_by_end ON leases (state, expires_at)",
    ],
    [
        """CREATE TABLE calls (
            id {key},
            kind TEXT NOT NULL CHECK (kind = 'generate' OR kind = 'judge'),
            key TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reply TEXT NOT NULL,
            model TEXT,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            cost DOUBLE PRECISION,
            seconds DOUBLE PRECISION,
            recorded_at TEXT NOT NULL
        )""",
        "CREATE UNIQUE INDEX one_answer ON calls (kind, key) WHERE outcome = 'answer'",
    ],
    [
        "ALTER TABLE work ADD COLUMN judges_p_a DOUBLE PRECISION",
        "ALTER TABLE work ADD COLUMN judges_weight DOUBLE PRECISION NOT NULL DEFAULT 0",
    ],
    [
        "ALTER TABLE comparisons ADD COLUMN origin_a TEXT",
        "ALTER TABLE comparisons ADD COLUMN origin_b TEXT",
    ],
]
CURRENT = len(MIGRATIONS)

_KEY = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"}


def migrate(connection: sa.Connection, until: int = CURRENT) -> None:
    """Bring the database up to schema `until`; the caller holds the transaction.

    Raises InputError when a newer firsthand wrote the database.
    """
    version = schema_version(connection)
    if version > CURRENT:
        raise InputError(
            f"the store has schema {version}, this firsthand knows schemas up to {CURRENT}; "
            "upgrade firsthand, nothing was changed"
        )
    for number, statements in enumerate(MIGRATIONS[version:until], start=version + 1):
        for statement in statements:
            connection.exec_driver_sql(statement.format(key=_KEY[connection.dialect.name]))
        connection.execute(sa.text("UPDATE schema_version SET version = :number"), {"number": number})


def schema_version(connection: sa.Connection) -> int:
    """The number of the last migration that ran; 0 for a new database, whose version table this creates."""
    if not sa.inspect(connection).has_table("schema_version"):
        connection.exec_driver_sql("CREATE TABLE schema_version (version INTEGER NOT NULL)")
        connection.exec_driver_sql("INSERT INTO schema_version VALUES (0)")
    return int(connection.exec_driver_sql("SELECT version FROM schema_version").scalar_one())
