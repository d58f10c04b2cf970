//! The relational registry: SQLite, migrations, sealed secrets.
