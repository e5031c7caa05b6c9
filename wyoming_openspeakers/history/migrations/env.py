"""How Alembic reaches the database."""

from alembic import context

from wyoming_openspeakers.history.database import engine_for

_engine = engine_for(context.config.attributes["url"])
try:
    with _engine.connect().execution_options(writes=True) as _connection:
        context.configure(connection=_connection, transactional_ddl=True, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
finally:
    _engine.dispose()
