"""No migration keeps people waiting, or breaks the servers of the release before while they still run.

On PostgreSQL, an index made plainly keeps everybody from writing until it is done, a new constraint reads the entire
table under a lock, and another type writes it anew. Tables that stay small may have all of that.
"""

import ast
import re
from pathlib import Path

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import ConnectionHandler, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

BIG = {"returncode", "historicalreturncode", "change", "importrow", "codeuse", "miss", "noteoutcome"}
BIG |= {"troubleshootingnote", "historicaltroubleshootingnote", "historicaltroubleshootingnote_codes"}
"""Models whose tables grow with the vendors' tables and with time."""

FOLDER = Path(__file__).parents[1] / "kb/migrations"
OURS = re.compile(r"(kb|config|importlib)\b|\.")

_SQL = {
    r"CREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)": "CREATE INDEX without CONCURRENTLY keeps everybody from writing",
    r"DROP\s+INDEX\s+(?!CONCURRENTLY)": "DROP INDEX without CONCURRENTLY waits for readers, and all wait behind it",
    r"ADD\s+CONSTRAINT(?!.*NOT\s+VALID)": "ADD CONSTRAINT without NOT VALID reads all rows under a lock",
    r"\bSET\s+NOT\s+NULL|\bTYPE\b": "reads or writes all rows under a lock",
    r"VACUUM\s+FULL|LOCK\s+TABLE|CLUSTER\b|DROP\s+COLUMN|RENAME\b": "nobody can work meanwhile, or afterwards",
}

# Only its types of columns are asked for; nothing connects.
POSTGRES = ConnectionHandler({"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}})["default"]


def complaints(migration, before):
    """Yield what a migration does, from a state of the models, that it should not."""
    made = {op.name_lower for op in migration.operations if isinstance(op, migrations.CreateModel)}
    yield from of_operations(migration.operations, before, made)
    if migration.atomic and any(isinstance(op, AddIndexConcurrently) for op in migration.operations):
        yield "AddIndexConcurrently needs atomic = False"


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
    if isinstance(operation, (migrations.RunPython, migrations.RunSQL)):
        yield from of_own_words(operation)
    if isinstance(operation, migrations.AddField) and name not in made:
        yield from of_new_column(operation, name in BIG)
    if isinstance(operation, migrations.AlterField) and name not in made:
        yield from of_column(operation, before, after, name in BIG)
    if name in BIG - made:
        yield from of_big_table(operation)


def of_big_table(operation):
    if isinstance(operation, (migrations.AlterUniqueTogether, migrations.AlterIndexTogether)):
        yield f"{operation.describe()}: makes an index under a lock"
    if type(operation) is migrations.RemoveIndex:
        yield f"{operation.describe()}: use RemoveIndexConcurrently, in a migration of its own (atomic = False)"
    if type(operation) is migrations.AddIndex:
        yield f"{operation.describe()}: use AddIndexConcurrently in a migration of its own (atomic = False)"
    if type(operation) is migrations.AddConstraint:
        yield f"{operation.describe()}: reads all rows under a lock; add it NOT VALID and validate it later"


def of_own_words(operation):
    if not operation.reversible:
        yield f"{operation.describe()}: cannot be taken back; say how, if only by noop"
    statements = getattr(operation, "sql", "")
    told = statements if isinstance(statements, str) else " ".join(map(str, statements))
    yield from (f"{said}: {told}" for pattern, said in _SQL.items() if re.search(pattern, told, re.I | re.S))


def of_new_column(operation, is_big):
    field = operation.field
    if field.many_to_many:
        return
    if is_big and (field.unique or field.db_index):
        yield f"{operation.describe()}: makes an index under a lock; add the column first, the index concurrently"
    if field.generated:
        yield from [f"{operation.describe()}: writes the table anew"] * is_big
    elif not (field.null or field.has_db_default()):
        # Django fills what is there and takes the default away again.
        yield f"{operation.describe()}: servers of the release before insert without it; it needs null or db_default"


def of_column(operation, before, after, is_big):
    old, new = (
        state.apps.get_model("kb", operation.model_name)._meta.get_field(operation.name) for state in (before, after)
    )
    if old.db_type(POSTGRES) != new.db_type(POSTGRES) and not grows(old, new):
        yield f"{operation.describe()}: another type writes the table anew, and the release before sends the former"
    if old.null and not new.null:
        yield f"{operation.describe()}: SET NOT NULL reads all rows, and the release before may send none"
    if is_big and ((new.unique and not old.unique) or (new.db_index and not old.db_index)):
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
    assert {name: said for name, said in found.items() if said} == {}


def test_the_migrations_have_one_end():
    assert len(MigrationLoader(None).graph.leaf_nodes("kb")) == 1


def test_the_migrations_are_numbered_without_a_gap():
    names = sorted(path.stem for path in FOLDER.glob("[0-9]*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def imports(path):
    """Yield the names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


OPERATIONS = "kb.migrations._online"


def test_no_migration_imports_the_product():
    """The product changes and moves; what a database was made with stays, and so do the operations beside it."""
    ours = {
        path.name: [name for name in imports(path) if OURS.match(name) and name != OPERATIONS]
        for path in FOLDER.glob("*.py")
    }
    assert {name: modules for name, modules in ours.items() if modules} == {}


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
        (migrations.AddField("change", "more", models.TextField(db_default="")), None),
        (migrations.AddField("change", "more", models.TextField(default="")), "insert without it"),
        (migrations.AddField("synonym", "more", models.TextField()), "insert without it"),
        (migrations.AddField("change", "more", models.ManyToManyField("kb.CodeTable")), None),
        (
            migrations.AddField(
                "change",
                "more",
                models.GeneratedField(expression=models.F("kind"), output_field=models.TextField(), db_persist=True),
            ),
            "writes the table anew",
        ),
        (migrations.AddField("change", "more", models.TextField(null=True, db_index=True)), "index under a lock"),
        (migrations.AddField("change", "more", models.JSONField(default=dict, null=True)), None),
        (migrations.AlterField("change", "label", models.CharField(max_length=300)), None),
        (migrations.AlterField("change", "label", models.CharField(max_length=100)), "writes the table anew"),
        (migrations.AlterField("change", "label", models.IntegerField()), "writes the table anew"),
        (migrations.AlterField("change", "label", models.CharField(max_length=250, unique=True)), "index under a lock"),
        (migrations.AlterField("returncode", "number", models.BigIntegerField()), "SET NOT NULL"),
        (migrations.AlterField("change", "kind", models.CharField(max_length=10, choices=[("a", "A")])), None),
        (migrations.AlterField("synonym", "words", models.IntegerField()), "the release before sends the former"),
        (migrations.AlterUniqueTogether("change", {("kind", "noun")}), "index under a lock"),
        (migrations.RemoveIndex("codeuse", "kb_codeuse_day"), "RemoveIndexConcurrently"),
        (AddIndexConcurrently("change", INDEX), "atomic = False"),
        (migrations.RunPython(print), "cannot be taken back"),
        (migrations.RunPython(print, migrations.RunPython.noop), None),
        (migrations.RunSQL("SELECT 1"), "cannot be taken back"),
        (migrations.RunSQL("CREATE INDEX x ON kb_change (kind)", "SELECT 1"), "without CONCURRENTLY"),
        (migrations.RunSQL("CREATE INDEX CONCURRENTLY x ON kb_change (kind)", "SELECT 1"), None),
        (migrations.RunSQL(["ALTER TABLE kb_change\nADD CONSTRAINT x CHECK (true)"], "SELECT 1"), "without NOT VALID"),
        (migrations.RunSQL("ALTER TABLE kb_change ADD CONSTRAINT x CHECK (true) NOT VALID", "SELECT 1"), None),
        (migrations.RunSQL("ALTER TABLE kb_change ALTER kind TYPE text", "SELECT 1"), "under a lock"),
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
