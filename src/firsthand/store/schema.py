"""The tables of the current schema, as the code reads and writes them; migrations.py builds them."""

import sqlalchemy as sa

metadata = sa.MetaData()

prompts = sa.Table(
    "prompts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("messages", sa.Text, nullable=False),  # JSON: [{role, content}]
)

comparisons = sa.Table(
    "comparisons",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("prompt_id", sa.Text, sa.ForeignKey("prompts.id"), nullable=False),
    sa.Column("response_a_id", sa.Text, nullable=False),
    sa.Column("response_b_id", sa.Text, nullable=False),
    sa.Column("author_a", sa.Text),
    sa.Column("author_b", sa.Text),
    sa.Column("length_a", sa.Integer),  # characters
    sa.Column("length_b", sa.Integer),
    sa.Column("tags", sa.Text, nullable=False),  # JSON: {name: tag}
    # The long columns come last: SQLite reads a row from its start, and most queries want none of the texts.
    sa.Column("response_a", sa.Text),  # JSON: a text or [{role, content}]; NULL: known by id only
    sa.Column("response_b", sa.Text),
)

annotators = sa.Table(
    "annotators",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("model", sa.Text),
    sa.Column("simulated", sa.Boolean, nullable=False),
)

lineages = sa.Table(
    "lineages",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("family", sa.Text),
)

preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("comparison_id", sa.Text, sa.ForeignKey("comparisons.id"), nullable=False),
    sa.Column("annotator", sa.Text, sa.ForeignKey("annotators.name"), nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("p_a", sa.Double),
    sa.Column("strength", sa.Integer),
    sa.Column("shown_first", sa.Text, nullable=False),  # a, b, both, or "" where unknown
    sa.Column("seconds", sa.Double),
    sa.Column("rationale", sa.Text),
    sa.Column("criteria", sa.Text, nullable=False),  # JSON
    sa.Column("prompt_sha256", sa.Text, nullable=False),
    sa.Column("repeat", sa.Integer, nullable=False),
    sa.Column("swap_consistent", sa.Boolean),
    sa.Column("gold", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Text),
    sa.Column("detail", sa.Text, nullable=False),  # JSON: what else the judge recorded
    sa.Column("recorded_at", sa.Text, nullable=False),
    sa.Column("supersedes", sa.Integer, sa.ForeignKey("preferences.id")),
    sa.Column("is_current", sa.Boolean, nullable=False),
)

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
