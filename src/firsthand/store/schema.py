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
    sa.Column("origin_a", sa.Text),  # JSON: how the response came about; NULL: nothing is known
    sa.Column("origin_b", sa.Text),
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

# What the rating site keeps; accounts name people, and nothing of theirs but the id is ever exported.

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # pseudonym: the annotator's name
    sa.Column("login", sa.Text),
    sa.Column("password", sa.Text),  # argon2; NULL until an invitation is accepted
    sa.Column("role", sa.Text, nullable=False),  # rater, expert, admin, auditor
    sa.Column("tags", sa.Text, nullable=False),  # JSON: [tag], the domains the person knows
    sa.Column("state", sa.Text, nullable=False),  # active, paused, removed
    sa.Column("state_reason", sa.Text),
    sa.Column("consent", sa.Text),  # version agreed to
    sa.Column("consent_at", sa.Text),
    sa.Column("practised_at", sa.Text),
    sa.Column("generation", sa.Integer, nullable=False),  # of sessions: raising it ends those there are
    sa.Column("created_at", sa.Text, nullable=False),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("token_sha256", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("used_at", sa.Text),
)

login_attempts = sa.Table(
    "login_attempts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("who", sa.Text, nullable=False),  # keyed hash of a login or an address
    sa.Column("at", sa.Text, nullable=False),
)

account_events = sa.Table(
    "account_events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("actor", sa.Text),  # the account that did it; NULL: a rule or the command line
    sa.Column("detail", sa.Text, nullable=False),  # JSON
)

work = sa.Table(
    "work",
    metadata,
    sa.Column("comparison_id", sa.Text, sa.ForeignKey("comparisons.id"), primary_key=True),
    sa.Column("position", sa.Double, nullable=False),  # a keyed random order, 0 to 1
    sa.Column("tag", sa.Text, nullable=False),  # what it is routed by; "": open to everyone
    sa.Column("is_gold", sa.Boolean, nullable=False),
    sa.Column("overlap", sa.Boolean, nullable=False),  # chosen to be labelled by several people early on
    sa.Column("disputed", sa.Boolean, nullable=False),  # raters contradict each other, and no expert has decided
    sa.Column("information", sa.Integer, nullable=False),  # what a verdict would tell, in tenths
    sa.Column("requeued", sa.Integer, nullable=False),  # how many raters were asked for beyond the plan
    sa.Column("target", sa.Integer, nullable=False),  # how many raters shall judge it
    sa.Column("taken", sa.Integer, nullable=False),  # how many have, or hold a lease on it
    sa.Column("skipped", sa.Integer, nullable=False),  # how many skipped it
    sa.Column("is_open", sa.Boolean, nullable=False),  # one more rater is wanted
    sa.Column("judges_p_a", sa.Double),  # what the judges who count say together; NULL: none does
    sa.Column("judges_weight", sa.Double, nullable=False),  # the share of the judges who count, 0 to 1
)

# How many open comparisons of `work` share these values, so that nothing is counted while people wait.
pools = sa.Table(
    "pools",
    metadata,
    sa.Column("tag", sa.Text, primary_key=True),
    sa.Column("overlap", sa.Boolean, primary_key=True),
    sa.Column("taken", sa.Integer, primary_key=True),
    sa.Column("information", sa.Integer, primary_key=True),
    sa.Column("size", sa.Integer, nullable=False),
)

# One row a rater, comparison and order, ever: a lease that is given again keeps its id.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("comparison_id", sa.Text, sa.ForeignKey("comparisons.id"), nullable=False),
    sa.Column("rater", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # new, gold, repeat, adjudication
    sa.Column("state", sa.Text, nullable=False),  # held, done, skipped, expired
    sa.Column("shown_first", sa.Text, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("propensity", sa.Double),  # chance with which the policy drew this comparison
    sa.Column("granted_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("done_at", sa.Text),  # when its current verdict was given
    sa.Column("answer", sa.Text),  # JSON: an answer that could not count
)

# Every call of a model that generates or judges, as it ended; append-only. A (kind, key) has at most one answer.
calls = sa.Table(
    "calls",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # generate, judge
    sa.Column("key", sa.Text, nullable=False),  # content hash of what was asked
    sa.Column("outcome", sa.Text, nullable=False),  # answer, or the kind of failure
    sa.Column("reply", sa.Text, nullable=False),  # JSON: what came back, or what was said of the failure
    sa.Column("model", sa.Text),  # as the endpoint names it
    sa.Column("prompt_tokens", sa.Integer),
    sa.Column("completion_tokens", sa.Integer),
    sa.Column("cost", sa.Double),  # USD
    sa.Column("seconds", sa.Double),
    sa.Column("recorded_at", sa.Text, nullable=False),
)
