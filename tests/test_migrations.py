"""No migration keeps people waiting, or breaks the servers of the release before while they still run.

On PostgreSQL, an index made plainly keeps everybody from writing until it is done, a new constraint reads the entire
table under a lock, and another type writes it anew. Tables that stay small may have all of that.
"""

import pytest
from django.db import ConnectionHandler, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

BIG = {"returncode", "historicalreturncode", "change", "importrow", "codeuse", "miss"}
"""Models whose tables grow with the vendors' tables and with time."""

# What was there before anybody ran the product: its tables were empty.
ALLOWED = {"0033_code_order"}

# Only its types of columns are asked for; nothing connects.
POSTGRES = ConnectionHandler({"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}})["default"]


def complaints(migration, before):
    """Yield what a migration does, from a state of the models, that it should not."""
    made = {op.name_lower for op in migration.operations if isinstance(op, migrations.CreateModel)}
    yield from of_operations(migration.operations, before, made)


def of_operations(operations, state, made):
    for operation in operations:
        after = state.clone()
        operation.state_forwards("kb", after)
        inner = getattr(operation, "database_operations", None)
        # What is said of the state alone does nothing to the database.
        yield from of_operation(operation, state, after, made) if inner is None else of_operations(inner, state, made)
        state = after


def of_operation(operation: Operation, before, after, made):
    name = getattr(operation, "model_name_lower", None) or getattr(operation, "name_lower", "")
    if isinstance(operation, (migrations.RemoveField, migrations.DeleteModel)) and name not in made:
        yield f"{operation.describe()}: servers of the release before still ask for it; remove it one release later"
    if isinstance(operation, (migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable)):
        yield f"{operation.describe()}: servers of the release before still use the former name"
    if name not in BIG - made:
        return
    if type(operation) is migrations.AddIndex:
        yield f"{operation.describe()}: use AddIndexConcurrently in a migration of its own (atomic = False)"
    if type(operation) is migrations.AddConstraint:
        yield f"{operation.describe()}: reads all rows under a lock; add it NOT VALID and validate it later"
    if isinstance(operation, migrations.AddField):
        yield from of_new_column(operation)
    if isinstance(operation, migrations.AlterField):
        yield from of_column(operation, before, after)


def of_new_column(operation):
    field = operation.field
    if field.unique or field.db_index:
        yield f"{operation.describe()}: makes an index under a lock; add the column first, the index concurrently"
    if not (field.null or field.many_to_many or field.has_default() or field.has_db_default()):
        yield f"{operation.describe()}: NOT NULL without a default cannot be filled"


def of_column(operation, before, after):
    old, new = (
        state.apps.get_model("kb", operation.model_name)._meta.get_field(operation.name) for state in (before, after)
    )
    if old.db_type(POSTGRES) != new.db_type(POSTGRES) and not grows(old, new):
        yield f"{operation.describe()}: another type writes the table anew"
    if old.null and not new.null:
        yield f"{operation.describe()}: SET NOT NULL reads all rows under a lock"
    if (new.unique and not old.unique) or (new.db_index and not old.db_index):
        yield f"{operation.describe()}: makes an index under a lock"


def grows(old, new):
    """Whether only a limit goes up, which PostgreSQL does without looking at a row."""
    kinds = {old.get_internal_type(), new.get_internal_type()}
    return kinds <= {"CharField", "URLField", "SlugField"} and old.max_length <= new.max_length


def every_migration():
    loader = MigrationLoader(None)
    for key in loader.graph._generate_plan(loader.graph.leaf_nodes("kb"), at_end=True):
        if key[0] == "kb":
            yield key[1], loader.graph.nodes[key], loader.project_state(key, at_end=False)


def test_no_migration_keeps_people_waiting():
    found = {name: set(complaints(migration, before)) for name, migration, before in every_migration()}
    assert {name: said for name, said in found.items() if said and name not in ALLOWED} == {}
    assert {name for name in ALLOWED if not found.get(name)} == set()


def test_the_migrations_have_one_end():
    assert len(MigrationLoader(None).graph.leaf_nodes("kb")) == 1


def test_big_tables_are_named_as_they_are():
    state = MigrationLoader(None).project_state()
    assert {name for app, name in state.models if app == "kb"} >= BIG


INDEX = models.Index(fields=["kind"], name="new_index")


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (migrations.AddIndex("change", INDEX), "AddIndexConcurrently"),
        (migrations.AddIndex("synonym", INDEX), None),
        (
            migrations.AddConstraint("change", models.CheckConstraint(name="x", condition=models.Q(kind="a"))),
            "NOT VALID",
        ),
        (migrations.AddField("change", "more", models.TextField(null=True)), None),
        (migrations.AddField("change", "more", models.TextField(default="")), None),
        (migrations.AddField("change", "more", models.TextField()), "NOT NULL without a default"),
        (migrations.AddField("change", "more", models.TextField(null=True, db_index=True)), "index under a lock"),
        (migrations.AddField("change", "more", models.JSONField(default=dict)), None),
        (migrations.AlterField("change", "label", models.CharField(max_length=300)), None),
        (migrations.AlterField("change", "label", models.CharField(max_length=100)), "writes the table anew"),
        (migrations.AlterField("change", "label", models.IntegerField()), "writes the table anew"),
        (migrations.AlterField("change", "label", models.CharField(max_length=250, unique=True)), "index under a lock"),
        (migrations.AlterField("returncode", "number", models.BigIntegerField()), "SET NOT NULL"),
        (migrations.AlterField("change", "kind", models.CharField(max_length=10, choices=[("a", "A")])), None),
        (migrations.RemoveField("synonym", "words"), "one release later"),
        (migrations.DeleteModel("Synonym"), "one release later"),
        (migrations.RenameField("synonym", "words", "names"), "former name"),
        (
            migrations.SeparateDatabaseAndState(database_operations=[migrations.AddIndex("change", INDEX)]),
            "AddIndexConcurrently",
        ),
        (migrations.SeparateDatabaseAndState(state_operations=[migrations.AddIndex("change", INDEX)]), None),
    ],
)
def test_what_locks_or_breaks_is_named(operation, said):
    migration = migrations.Migration("9999_new", "kb")
    migration.operations = [operation]
    found = list(complaints(migration, MigrationLoader(None).project_state()))
    assert [said in sentence for sentence in found] == ([True] if said else []), found
