"""Calls, their turns and answers, the dialogue's state, and the tokens that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("questionnaire", sa.Text, nullable=False),
        sa.Column("questionnaire_version", sa.Text, nullable=False),
        sa.Column("questionnaire_hash", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("disposition", sa.Text),
        sa.Column("provider_call_id", sa.Text),
        sa.Column("stream_id", sa.Text),
        sa.Column("caller_number", sa.Text),
        sa.Column("callee_number", sa.Text),
        sa.Column("direction", sa.Text),
        sa.Column("custom_json", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls"),
    )
    op.create_index("ix_calls_started_at", "calls", ["started_at"])
    op.create_table(
        "turns",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("turn_index", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("item", sa.Text),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("closed", sa.Text, nullable=False),
        sa.Column("open", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float),
        sa.Column("meaning", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("value_json", sa.Text),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("prompt_seconds", sa.Float, nullable=False),
        sa.Column("prompt_heard_seconds", sa.Float, nullable=False),
        sa.Column("prompt_acknowledged", sa.Boolean, nullable=False),
        sa.Column("speech_seconds", sa.Float, nullable=False),
        sa.Column("endpoint_ms", sa.Float),
        sa.Column("recognise_ms", sa.Float),
        sa.Column("understand_ms", sa.Float),
        sa.Column("commit_ms", sa.Float),
        sa.Column("first_audio_ms", sa.Float),
        sa.Column("total_ms", sa.Float),
        sa.PrimaryKeyConstraint("call_id", "turn_index", name="pk_turns"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_turns_calls"),
    )
    op.create_table(
        "answers",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("turn_index", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("value_json", sa.Text),
        sa.Column("value_text", sa.Text),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("closed", sa.Text, nullable=False),
        sa.Column("open", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float),
        sa.PrimaryKeyConstraint("call_id", "item", "revision", name="pk_answers"),
        sa.ForeignKeyConstraint(
            ["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"], name="fk_answers_turns"
        ),
    )
    op.create_table(
        "dialogue_states",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("turn_index", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state_json", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_dialogue_states"),
        sa.ForeignKeyConstraint(
            ["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"], name="fk_dialogue_states_turns"
        ),
    )
    op.create_table(
        "redeemed_tokens",
        sa.Column("token_id", sa.Text, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("redeemed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_id", name="pk_redeemed_tokens"),
    )
    op.create_index("ix_redeemed_tokens_expires_at", "redeemed_tokens", ["expires_at"])
