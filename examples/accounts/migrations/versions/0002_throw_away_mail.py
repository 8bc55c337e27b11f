"""The domains of throw-away mail services, with which nobody can sign up."""  # noqa: INP001  # alembic loads it by its path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the list, with what is known today."""
    op.execute("CREATE TABLE throw_away_domains (domain text PRIMARY KEY)")
    op.execute(
        """
        INSERT INTO throw_away_domains
        VALUES ('mailinator.com'), ('guerrillamail.com'), ('10minutemail.com')
        """
    )


def downgrade() -> None:
    """Drops the list."""
    op.execute("DROP TABLE throw_away_domains")
