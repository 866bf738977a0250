"""The tables of daily work and of the program itself; what is signed is closed to change; studies are listed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CLOSED = (
    """
CREATE TRIGGER protocols_closed BEFORE UPDATE ON protocols WHEN OLD.state = 'signed'
BEGIN SELECT RAISE(ABORT, 'a signed protocol is never changed'); END
""",
    """
CREATE TRIGGER opinions_closed BEFORE UPDATE ON opinions WHEN OLD.signed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a signed opinion is never changed'); END
""",
)

_LISTED = """
INSERT INTO worklist (study_id, arrived, priority, status, sex, age, date, image_id, updated)
SELECT s.id, strftime('%Y-%m-%d %H:%M:%S.000000', 'now'), 0, 'new', p.sex, s.age, s.date,
       (SELECT min(i.id) FROM images i WHERE i.study_id = s.id), strftime('%Y-%m-%d %H:%M:%S.000000', 'now')
FROM studies s JOIN patients p ON p.id = s.patient_id
"""


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("full_name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("password", sa.String, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_attempts_last", "attempts", ["last"])


def _cohorts() -> None:
    op.create_table(
        "cohorts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("query", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner", "name"),
    )
    op.create_index("ix_cohorts_owner", "cohorts", ["owner"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("capability", sa.String, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("lang", sa.String, nullable=False),
        sa.Column("cancelling", sa.Boolean, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("started", sa.DateTime),
        sa.Column("finished", sa.DateTime),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_jobs_created", "jobs", ["created"])
    op.create_index("ix_jobs_owner", "jobs", ["owner"])
    op.create_index("ix_jobs_state", "jobs", ["state"])


def _retrospective_runs() -> None:
    op.create_table(
        "retrospective_runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("point", sa.String, nullable=False),
        sa.Column("filters", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("wanted", sa.Integer, nullable=False),
        sa.Column("started", sa.DateTime, nullable=False),
        sa.Column("started_by", sa.String, nullable=False),
        sa.Column("finished", sa.DateTime),
        sa.PrimaryKeyConstraint("id"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("seen", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_sessions_account", "sessions", ["account"])


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("expires", sa.DateTime),
        sa.Column("used", sa.DateTime),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("account", "name"),
    )
    op.create_index("ix_tokens_account", "tokens", ["account"])


def _cohort_studies() -> None:
    op.create_table(
        "cohort_studies",
        sa.Column("cohort_id", sa.Integer, nullable=False),
        sa.Column("study_id", sa.String, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("cohort_id", "study_id"),
    )
    op.create_index("ix_cohort_studies_study_id", "cohort_studies", ["study_id"])


def _double_readings() -> None:
    op.create_table(
        "double_readings",
        sa.Column("study_id", sa.String, nullable=False),
        sa.Column("second", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("sent", sa.DateTime, nullable=False),
        sa.Column("sent_by", sa.String, nullable=False),
        sa.Column("seed", sa.Integer),
        sa.Column("finished", sa.DateTime),
        sa.CheckConstraint("state IN ('waiting', 'disagreement', 'done')", name="double_state"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("study_id"),
    )
    op.create_index("ix_double_readings_sent", "double_readings", ["sent"])
    op.create_index("ix_double_readings_state", "double_readings", ["state"])


def _opinions() -> None:
    op.create_table(
        "opinions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("study_id", sa.String, nullable=False),
        sa.Column("part", sa.String, nullable=False),
        sa.Column("reader", sa.String, nullable=False),
        sa.Column("point", sa.String),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("comment", sa.String, nullable=False),
        sa.Column("begun", sa.DateTime, nullable=False),
        sa.Column("signed", sa.DateTime),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "part"),
        sa.UniqueConstraint("study_id", "reader"),
    )
    op.create_index("ix_opinions_reader", "opinions", ["reader"])
    op.create_index("ix_opinions_study_id", "opinions", ["study_id"])


def _protocols() -> None:
    op.create_table(
        "protocols",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("study_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("model", sa.String),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("signed", sa.DateTime),
        sa.Column("sha256", sa.String),
        sa.Column("previous", sa.String),
        sa.CheckConstraint("state IN ('draft', 'signed')", name="protocol_state"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "number"),
    )
    op.create_index("ix_protocols_study_id", "protocols", ["study_id"])


def _retrospective_rows() -> None:
    op.create_table(
        "retrospective_rows",
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("study_id", sa.String, nullable=False),
        sa.Column("rank", sa.Float, nullable=False),
        sa.Column("concept", sa.String),
        sa.Column("kind", sa.String),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("verdict", sa.String),
        sa.Column("comment", sa.String, nullable=False),
        sa.Column("judged_by", sa.String),
        sa.Column("judged", sa.DateTime),
        sa.ForeignKeyConstraint(["run_id"], ["retrospective_runs.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "study_id"),
    )
    op.create_index("ix_retrospective_rows_rank", "retrospective_rows", ["run_id", "rank"])
    op.create_index("ix_retrospective_rows_study_id", "retrospective_rows", ["study_id"])


def _worklist() -> None:
    op.create_table(
        "worklist",
        sa.Column("study_id", sa.String, nullable=False),
        sa.Column("arrived", sa.DateTime, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("owner", sa.String),
        sa.Column("reader", sa.String),
        sa.Column("sex", sa.String),
        sa.Column("age", sa.Float),
        sa.Column("date", sa.Date),
        sa.Column("image_id", sa.Integer),
        sa.Column("updated", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("study_id"),
    )
    op.create_index("ix_worklist_age", "worklist", ["age", "study_id", "status", "owner"])
    op.create_index("ix_worklist_arrived", "worklist", ["arrived", "study_id", "status", "owner"])
    op.create_index("ix_worklist_date", "worklist", ["date", "study_id", "status", "owner"])
    op.create_index("ix_worklist_owner", "worklist", ["owner", "study_id"])
    op.create_index("ix_worklist_priority", "worklist", ["priority", "arrived", "study_id", "status", "owner"])
    op.create_index("ix_worklist_reader", "worklist", ["reader", "study_id", "status", "owner"])
    op.create_index("ix_worklist_sex", "worklist", ["sex", "study_id", "status", "owner"])
    op.create_index("ix_worklist_status", "worklist", ["status", "priority", "arrived", "study_id", "owner"])


def _thumbnails() -> None:
    op.create_table(
        "thumbnails",
        sa.Column("image_id", sa.Integer, nullable=False),
        sa.Column("side", sa.Integer, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", "side"),
    )


_TABLES = {
    "accounts": _accounts,
    "attempts": _attempts,
    "cohorts": _cohorts,
    "jobs": _jobs,
    "retrospective_runs": _retrospective_runs,
    "sessions": _sessions,
    "tokens": _tokens,
    "cohort_studies": _cohort_studies,
    "double_readings": _double_readings,
    "opinions": _opinions,
    "protocols": _protocols,
    "retrospective_rows": _retrospective_rows,
    "worklist": _worklist,
    "thumbnails": _thumbnails,
}


def upgrade() -> None:
    """Create the tables and list every study that is there."""
    for make in _TABLES.values():
        make()
    for trigger in _CLOSED:
        op.execute(trigger)
    op.execute(_LISTED)


def downgrade() -> None:
    """Drop them."""
    for name in reversed(_TABLES):
        op.drop_table(name)
