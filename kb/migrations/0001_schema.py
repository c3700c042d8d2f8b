"""The models' tables, the rules that Django cannot state, the tables of the search index, and the first synonyms.

It replaces every migration up to 0046_scale. Nothing of the product is imported: the product may change, and what a
database was made with stays. The index itself is filled after migrating, where it is not that of the codes (kb/apps.py).
"""

import django.contrib.auth.models
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

_SECTION_OF_TABLE = """
CREATE TRIGGER kb_code_section_{when} BEFORE {event} ON kb_returncode
WHEN NOT EXISTS (SELECT 1 FROM kb_section WHERE id = NEW.section_id AND table_id = NEW.table_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: the section belongs to another table'); END
"""

# A code names both its table and its section, because readers filter and sort by table, so the two could disagree.
# Django has no composite foreign keys: PostgreSQL gets a real one, SQLite a pair of triggers. PostgreSQL orders
# canonical forms by their bytes, as SQLite does: then the index of a whole code finds its beginning, too.
RULES = {
    "sqlite": [
        _SECTION_OF_TABLE.format(when="insert", event="INSERT"),
        _SECTION_OF_TABLE.format(when="update", event="UPDATE OF section_id, table_id"),
    ],
    "postgresql": [
        "ALTER TABLE kb_returncode ADD CONSTRAINT code_section_of_table FOREIGN KEY (section_id, table_id)"
        " REFERENCES kb_section (id, table_id) DEFERRABLE INITIALLY DEFERRED",
        'ALTER TABLE kb_returncode ALTER COLUMN canonical TYPE varchar(256) COLLATE "C"',
        'ALTER TABLE kb_importrow ALTER COLUMN canonical TYPE varchar(256) COLLATE "C"',
    ],
}

# One table an audience, 0 for the public and 1 for the inside, and the vocabulary. On PostgreSQL a trigger adds the
# names of a document's stripes to its vector: see Note [Stripes].
SEARCH = {
    "sqlite": [
        *(
            f"CREATE VIRTUAL TABLE kb_search_{n} USING fts5"
            "(head, near, body, words UNINDEXED, tokenize = 'ascii', detail = none, columnsize = 0)"
            for n in (0, 1)
        ),
        "CREATE TABLE kb_search_word (audience integer NOT NULL, word text NOT NULL, stem text NOT NULL,"
        " codes integer NOT NULL, PRIMARY KEY (audience, word)) WITHOUT ROWID",
        "CREATE INDEX kb_search_stem ON kb_search_word (audience, stem, codes)",
    ],
    "postgresql": [
        "CREATE FUNCTION kb_search_stripe() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " NEW.vector := NEW.vector || array_to_tsvector(ARRAY["
        "'°13.' || (NEW.key >> 13), '°16.' || (NEW.key >> 16), '°19.' || (NEW.key >> 19)]); RETURN NEW; END $$",
        *(
            statement.format(n)
            for n in (0, 1)
            for statement in (
                "CREATE TABLE kb_search_{0} (key bigint PRIMARY KEY, head text NOT NULL, near text NOT NULL,"
                " body text NOT NULL, words text NOT NULL, vector tsvector NOT NULL)",
                "CREATE INDEX kb_search_{0}_vector ON kb_search_{0} USING gin (vector)",
                "CREATE INDEX kb_search_{0}_code ON kb_search_{0} ((key % 1099511627776))",
                "CREATE TRIGGER kb_search_{0}_stripe BEFORE INSERT OR UPDATE ON kb_search_{0}"
                " FOR EACH ROW EXECUTE FUNCTION kb_search_stripe()",
            )
        ),
        'CREATE TABLE kb_search_word (audience integer NOT NULL, word text COLLATE "C" NOT NULL,'
        ' stem text COLLATE "C" NOT NULL, codes integer NOT NULL, PRIMARY KEY (audience, word))',
        "CREATE INDEX kb_search_stem ON kb_search_word (audience, stem, codes)",
    ],
}

# The parts of words of a note's texts, for PostgreSQL with the extension; without it, a search of notes reads them all.
NOTE_PARTS = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX kb_note_parts ON kb_troubleshootingnote USING gin (upper((title || ' ' || issue || ' ' || environment"
    " || ' ' || cause || ' ' || resolution || ' ' || customer_reply)) gin_trgm_ops)",
]

SYNONYMS = [
    "withdraw, recall, revoke, take back, unsend",
    "session, conversation, chat, thread",
    "audit, moderation, moderate, review, censor",
    "kick, remove, kickout, throw out, expel",
    "reject, refuse, not passed, not sent",
    "blacklist, block, ban, blocklist",
    "limit, quota, exceed, too many, maximum, cap, full, at most",
    "frequency, rate, throttle, rate limit, too fast, too often, qps",
    "length, size, long, large, big",
    "does not exist, not found, missing, unknown, no such",
    "already exists, duplicate, taken, repeated, twice",
    "again, repeat, already, twice",
    "same, equal, identical, myself, yourself, oneself",
    "register, sign up, create an account",
    "log in, login, signed in, sign in",
    "log out, logout, signed out, offline",
    "picture, image, photo",
    "avatar, profile picture",
    "do not disturb, silence, dnd, mute",
    "top, pin, pinned",
    "permission, not allowed, forbidden, privilege, rights",
    "group owner, group admin, administrator",
    "edit, modify, change, update",
    "delete, remove, erase",
    "expire, out of date, too old, stale",
    "signature, sign, hmac",
    "friend, contact, buddy",
    "remark, nickname, alias",
    "package, plan, edition, subscription, tier",
    "error, fail, failed, broken",
    "wrong, incorrect, invalid, malformed, bad, format error",
    "query, fetch, retrieve, list, load",
    "database, db",
    "parameter, argument, param",
    "empty, blank, missing, forgot",
    "call, ring, voice call, video call",
    "time out, timeout, timed out",
    "server, backend",
    "attribute, custom field, property",
    "production, live, formal environment",
    "broadcast, send to all, SendMessageToAllUsers",
    "room, channel",
]


def create(apps, schema_editor):
    connection = schema_editor.connection
    for statement in RULES[connection.vendor] + SEARCH[connection.vendor]:
        schema_editor.execute(statement, params=None)
    if connection.vendor == "postgresql" and has_trigrams(connection):
        for statement in NOTE_PARTS:
            schema_editor.execute(statement, params=None)


def has_trigrams(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        return cursor.fetchone() is not None


def drop(apps, schema_editor):
    """Drop what does not go with the models' tables."""
    for name in ("kb_search_0", "kb_search_1", "kb_search_word"):
        schema_editor.execute(f"DROP TABLE {name}")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION kb_search_stripe()")


def add_synonyms(apps, schema_editor):
    synonym = apps.get_model("kb", "Synonym")
    synonym.objects.bulk_create(synonym(words=words) for words in SYNONYMS)


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("kb", "0001_initial"),
        ("kb", "0002_section_of_table"),
        ("kb", "0003_table_import"),
        ("kb", "0004_import_row_order"),
        ("kb", "0010_usage_feedback"),
        ("kb", "0011_section_version"),
        ("kb", "0020_synonym"),
        ("kb", "0021_search"),
        ("kb", "0022_canonical_order"),
        ("kb", "0030_proposal"),
        ("kb", "0031_usage_covered"),
        ("kb", "0032_incident_canonical"),
        ("kb", "0033_code_order"),
        ("kb", "0034_tokens_quotas"),
        ("kb", "0041_change_reason"),
        ("kb", "0045_search_code"),
        ("kb", "0046_scale"),
    ]
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    # fmt: off
    operations = [
        migrations.CreateModel(
            name='ChangeCounter',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('last', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='one_change_counter')],
            },
        ),
        migrations.CreateModel(
            name='CodeTable',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text='Used in URLs, e.g. zim-server.', max_length=80, unique=True)),
                ('vendor', models.CharField(max_length=120)),
                ('product', models.CharField(max_length=120)),
                ('name', models.CharField(help_text='As the vendor titles it.', max_length=200)),
                ('language', models.CharField(default='en', help_text="Language tag of the vendor's text, e.g. en.", max_length=16)),
                ('source_url', models.URLField(blank=True, help_text='Where the vendor publishes it.', max_length=500)),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('public', 'Public')], default='internal', help_text='Public tables may be read without logging in where the site allows it.', max_length=10)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['vendor', 'product', 'slug'],
                'permissions': [('view_internal', 'Can read internal tables, notes and incidents'), ('import_table', 'Can upload a file and plan an import'), ('apply_import', 'Can apply a planned import'), ('rollback_import', 'Can roll an import back'), ('export_table', 'Can export tables')],
                'constraints': [models.CheckConstraint(condition=models.Q(('audience__in', ['internal', 'public'])), name='table_audience_known')],
            },
        ),
        migrations.CreateModel(
            name='CodeRange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('origin', models.CharField(choices=[('vendor', 'Stated by the vendor'), ('staff', 'Inferred by support')], default='staff', max_length=6, verbose_name='source')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('table', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ranges', to='kb.codetable')),
            ],
            options={
                'ordering': ['table', 'first', '-last'],
                'constraints': [models.CheckConstraint(condition=models.Q(('first__lte', models.F('last'))), name='range_not_backwards', violation_error_message='The last number must not be below the first.'), models.UniqueConstraint(fields=('table', 'first', 'last'), name='range_once_per_table')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalIncidentLink',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('door', models.CharField(choices=[('admin', 'Admin'), ('web', 'Website'), ('api', 'API'), ('import', 'Import'), ('shell', 'Command line')], max_length=10)),
                ('url', models.URLField(help_text='Paste it from the tracker: Jira, Zendesk, GitHub, GitLab, PagerDuty, Statuspage, or any other.', max_length=700, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='URL')),
                ('reference', models.CharField(blank=True, help_text="The tracker's own number, e.g. INC-1042. Left empty, it is read from the URL.", max_length=80)),
                ('title', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('open', 'Open'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved')], default='open', max_length=10)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('impact', models.TextField(blank=True, help_text='What customers notice.')),
                ('workaround', models.TextField(blank=True, help_text='What helps until it is resolved.')),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('public', 'Public')], default='internal', max_length=10)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical incident link',
                'verbose_name_plural': 'historical incident links',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalTroubleshootingNote',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('door', models.CharField(choices=[('admin', 'Admin'), ('web', 'Website'), ('api', 'API'), ('import', 'Import'), ('shell', 'Command line')], max_length=10)),
                ('title', models.CharField(help_text='What goes wrong, in words that people search for.', max_length=200)),
                ('issue', models.TextField(blank=True, help_text="The customer's own words; several phrasings help the search.")),
                ('environment', models.TextField(blank=True, help_text='Where it happens: product, version, interface, plan.')),
                ('cause', models.TextField(blank=True, help_text='Why it happens.')),
                ('resolution', models.TextField(blank=True, help_text='What the agent does, step by step.')),
                ('customer_reply', models.TextField(blank=True, help_text='What to send to the customer; {code} and {date} are filled in. No internal links or names.')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('not_validated', 'Not validated'), ('validated', 'Validated'), ('archived', 'Archived')], default='draft', editable=False, max_length=16)),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('public', 'Public')], default='internal', max_length=10)),
                ('review_on', models.DateField(blank=True, help_text='When somebody should check it again.', null=True, verbose_name='review date')),
                ('validated_at', models.DateTimeField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, help_text='Who keeps the note up to date.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('validated_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('verify_reason', models.CharField(blank=True, editable=False, max_length=250)),
                ('verify_since', models.DateTimeField(editable=False, help_text='Since when the note needs attention.', null=True)),
            ],
            options={
                'verbose_name': 'historical troubleshooting note',
                'verbose_name_plural': 'historical troubleshooting notes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Section',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('slug', models.SlugField(allow_unicode=True, max_length=80)),
                ('position', models.PositiveIntegerField(default=0, help_text="The vendor's order.")),
                ('table', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sections', to='kb.codetable')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'ordering': ['table', 'position', 'id'],
                'constraints': [models.UniqueConstraint(fields=('table', 'name'), name='section_name_once_per_table'), models.UniqueConstraint(fields=('table', 'slug'), name='section_slug_once_per_table'), models.UniqueConstraint(fields=('id', 'table'), name='section_in_table')],
            },
        ),
        migrations.CreateModel(
            name='ReturnCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='As the vendor writes it.', max_length=64)),
                ('identity', models.CharField(editable=False, max_length=256)),
                ('canonical', models.CharField(editable=False, max_length=256)),
                ('number', models.BigIntegerField(editable=False, null=True)),
                ('sort_key', models.CharField(editable=False, max_length=2000)),
                ('position', models.PositiveIntegerField(default=0, help_text="The vendor's order in the table.")),
                ('symbol', models.CharField(blank=True, help_text="The vendor's name for the code, if any.", max_length=200)),
                ('description', models.TextField(blank=True)),
                ('possible_reasons', models.TextField(blank=True)),
                ('suggested_actions', models.TextField(blank=True)),
                ('vendor_symbol', models.CharField(blank=True, editable=False, max_length=200)),
                ('vendor_description', models.TextField(blank=True, editable=False)),
                ('vendor_possible_reasons', models.TextField(blank=True, editable=False)),
                ('vendor_suggested_actions', models.TextField(blank=True, editable=False)),
                ('extra', models.JSONField(blank=True, default=dict, editable=False, help_text="Other columns of the vendor's table.")),
                ('disposition', models.CharField(choices=[('retry_now', 'Retry now'), ('retry_later', 'Retry later'), ('fix_request', 'Fix the request'), ('contact_vendor', 'Contact the vendor'), ('change_plan', 'Change the plan'), ('no_action', 'No action needed'), ('unknown', 'Not decided')], default='unknown', max_length=16, verbose_name='what to do')),
                ('disposition_origin', models.CharField(choices=[('vendor', 'Vendor'), ('staff', 'Support')], default='vendor', editable=False, max_length=6)),
                ('fixer', models.CharField(choices=[('customer', 'Customer'), ('us', 'Us'), ('vendor', 'Vendor'), ('unknown', 'Not decided')], default='unknown', max_length=8, verbose_name='who can fix it')),
                ('fixer_origin', models.CharField(choices=[('vendor', 'Vendor'), ('staff', 'Support')], default='vendor', editable=False, max_length=6)),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('successor', models.ForeignKey(blank=True, help_text='For a retired code: the code that took its place.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replaces', to='kb.returncode')),
                ('table', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='kb.codetable')),
                ('section', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='kb.section')),
            ],
            options={
                'ordering': ['table', 'position', 'id'],
                'indexes': [models.Index(fields=['canonical'], name='code_canonical'), models.Index(fields=['table', 'position', 'id'], name='code_vendor_order'), models.Index(fields=['table', 'number'], name='code_number'), models.Index(fields=['updated_at'], name='code_updated'), models.Index(fields=['sort_key', 'id'], name='code_natural'), models.Index(fields=['table', 'sort_key', 'id'], name='code_natural_in_table')],
                'constraints': [models.UniqueConstraint(fields=('table', 'section', 'identity'), name='code_once_per_section', violation_error_message='This section already has this code.'), models.CheckConstraint(condition=models.Q(models.Q(('code', ''), _negated=True), models.Q(('identity', ''), _negated=True)), name='code_not_empty'), models.CheckConstraint(condition=models.Q(('disposition__in', ['retry_now', 'retry_later', 'fix_request', 'contact_vendor', 'change_plan', 'no_action', 'unknown'])), name='disposition_known'), models.CheckConstraint(condition=models.Q(('fixer__in', ['customer', 'us', 'vendor', 'unknown'])), name='fixer_known')],
            },
        ),
        migrations.CreateModel(
            name='IncidentLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(help_text='Paste it from the tracker: Jira, Zendesk, GitHub, GitLab, PagerDuty, Statuspage, or any other.', max_length=700, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='URL')),
                ('reference', models.CharField(blank=True, help_text="The tracker's own number, e.g. INC-1042. Left empty, it is read from the URL.", max_length=80)),
                ('title', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('open', 'Open'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved')], default='open', max_length=10)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('impact', models.TextField(blank=True, help_text='What customers notice.')),
                ('workaround', models.TextField(blank=True, help_text='What helps until it is resolved.')),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('public', 'Public')], default='internal', max_length=10)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('codes', models.ManyToManyField(blank=True, related_name='incidents', to='kb.returncode')),
                ('canonical', models.CharField(editable=False, max_length=2100)),
            ],
            options={
                'ordering': ['-started_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('url__startswith', 'http://'), ('url__startswith', 'https://'), _connector='OR'), name='incident_url_is_web', violation_error_message='Only http and https addresses are allowed.'), models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='incident_title_given'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'monitoring', 'resolved'])), name='incident_state_known'), models.CheckConstraint(condition=models.Q(('audience__in', ['internal', 'public'])), name='incident_audience_known'), models.CheckConstraint(condition=models.Q(('resolved_at', None), ('started_at', None), ('resolved_at__gte', models.F('started_at')), _connector='OR'), name='incident_ends_after_start', violation_error_message='An incident cannot be resolved before it started.'), models.CheckConstraint(condition=models.Q(('resolved_at', None), ('state', 'resolved'), _connector='OR'), name='incident_resolved_has_date', violation_error_message='Only a resolved incident has a date of resolution.'), models.CheckConstraint(condition=models.Q(('canonical', ''), _negated=True), name='incident_canonical_given')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalIncidentLink_codes',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='kb.historicalincidentlink')),
                ('incidentlink', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.incidentlink')),
                ('returncode', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.returncode')),
            ],
            options={
                'verbose_name': 'HistoricalIncidentLink_codes',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='TroubleshootingNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(help_text='What goes wrong, in words that people search for.', max_length=200)),
                ('issue', models.TextField(blank=True, help_text="The customer's own words; several phrasings help the search.")),
                ('environment', models.TextField(blank=True, help_text='Where it happens: product, version, interface, plan.')),
                ('cause', models.TextField(blank=True, help_text='Why it happens.')),
                ('resolution', models.TextField(blank=True, help_text='What the agent does, step by step.')),
                ('customer_reply', models.TextField(blank=True, help_text='What to send to the customer; {code} and {date} are filled in. No internal links or names.')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('not_validated', 'Not validated'), ('validated', 'Validated'), ('archived', 'Archived')], default='draft', editable=False, max_length=16)),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('public', 'Public')], default='internal', max_length=10)),
                ('review_on', models.DateField(blank=True, help_text='When somebody should check it again.', null=True, verbose_name='review date')),
                ('validated_at', models.DateTimeField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('codes', models.ManyToManyField(blank=True, related_name='notes', to='kb.returncode')),
                ('owner', models.ForeignKey(blank=True, help_text='Who keeps the note up to date.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='owned_notes', to=settings.AUTH_USER_MODEL)),
                ('ranges', models.ManyToManyField(blank=True, related_name='notes', to='kb.coderange')),
                ('validated_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('verify_reason', models.CharField(blank=True, editable=False, max_length=250)),
                ('verify_since', models.DateTimeField(editable=False, help_text='Since when the note needs attention.', null=True)),
            ],
            options={
                'ordering': ['-updated_at', '-id'],
                'permissions': [('validate_note', 'Can validate, return and archive notes')],
                'indexes': [models.Index(fields=['review_on'], name='note_review'), models.Index(fields=['-updated_at', '-id'], name='note_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='note_title_given'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'not_validated', 'validated', 'archived'])), name='note_state_known'), models.CheckConstraint(condition=models.Q(('audience__in', ['internal', 'public'])), name='note_audience_known')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalTroubleshootingNote_ranges',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('coderange', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.coderange')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='kb.historicaltroubleshootingnote')),
                ('troubleshootingnote', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.troubleshootingnote')),
            ],
            options={
                'verbose_name': 'HistoricalTroubleshootingNote_ranges',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalTroubleshootingNote_codes',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='kb.historicaltroubleshootingnote')),
                ('returncode', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.returncode')),
                ('troubleshootingnote', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.troubleshootingnote')),
            ],
            options={
                'verbose_name': 'HistoricalTroubleshootingNote_codes',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='TableImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('new_table', models.JSONField(default=dict, help_text='The fields of the table that the import creates.')),
                ('state', models.CharField(choices=[('planning', 'Being planned'), ('planned', 'Planned'), ('applied', 'Applied'), ('discarded', 'Discarded'), ('rolled_back', 'Rolled back'), ('failed', 'Failed')], default='planning', max_length=12)),
                ('message', models.TextField(blank=True, help_text='Why it failed.')),
                ('complete', models.BooleanField(default=False, help_text='The file lists the whole table: other codes are retired.')),
                ('file_name', models.CharField(blank=True, max_length=250)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(default=0, help_text='Bytes.')),
                ('format', models.CharField(blank=True, max_length=12)),
                ('encoding', models.CharField(blank=True, max_length=32)),
                ('delimiter', models.CharField(blank=True, max_length=4)),
                ('columns', models.JSONField(default=dict, help_text='Which header was read as which field.')),
                ('counts', models.JSONField(default=dict, help_text='Rows by kind, and `unchanged`.')),
                ('current_codes', models.PositiveIntegerField(default=0, help_text='Codes that the table listed when planned.')),
                ('basis', models.JSONField(default=dict, help_text='State of the table that the plan was computed from.')),
                ('planned_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('applied_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('applied_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_by', models.ForeignKey(help_text='Who discarded it or rolled it back.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('planned_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rolls_back', models.OneToOneField(help_text='The import that is rolled back.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rolled_back_by', to='kb.tableimport')),
                ('table', models.ForeignKey(help_text='Empty for a table that the import will create.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='kb.codetable')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['planning', 'planned', 'applied', 'discarded', 'rolled_back', 'failed'])), name='import_state_known')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalReturnCode',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('door', models.CharField(choices=[('admin', 'Admin'), ('web', 'Website'), ('api', 'API'), ('import', 'Import'), ('shell', 'Command line')], max_length=10)),
                ('code', models.CharField(help_text='As the vendor writes it.', max_length=64)),
                ('identity', models.CharField(editable=False, max_length=256)),
                ('canonical', models.CharField(editable=False, max_length=256)),
                ('number', models.BigIntegerField(editable=False, null=True)),
                ('sort_key', models.CharField(editable=False, max_length=2000)),
                ('position', models.PositiveIntegerField(default=0, help_text="The vendor's order in the table.")),
                ('symbol', models.CharField(blank=True, help_text="The vendor's name for the code, if any.", max_length=200)),
                ('description', models.TextField(blank=True)),
                ('possible_reasons', models.TextField(blank=True)),
                ('suggested_actions', models.TextField(blank=True)),
                ('vendor_symbol', models.CharField(blank=True, editable=False, max_length=200)),
                ('vendor_description', models.TextField(blank=True, editable=False)),
                ('vendor_possible_reasons', models.TextField(blank=True, editable=False)),
                ('vendor_suggested_actions', models.TextField(blank=True, editable=False)),
                ('extra', models.JSONField(blank=True, default=dict, editable=False, help_text="Other columns of the vendor's table.")),
                ('disposition', models.CharField(choices=[('retry_now', 'Retry now'), ('retry_later', 'Retry later'), ('fix_request', 'Fix the request'), ('contact_vendor', 'Contact the vendor'), ('change_plan', 'Change the plan'), ('no_action', 'No action needed'), ('unknown', 'Not decided')], default='unknown', max_length=16, verbose_name='what to do')),
                ('disposition_origin', models.CharField(choices=[('vendor', 'Vendor'), ('staff', 'Support')], default='vendor', editable=False, max_length=6)),
                ('fixer', models.CharField(choices=[('customer', 'Customer'), ('us', 'Us'), ('vendor', 'Vendor'), ('unknown', 'Not decided')], default='unknown', max_length=8, verbose_name='who can fix it')),
                ('fixer_origin', models.CharField(choices=[('vendor', 'Vendor'), ('staff', 'Support')], default='vendor', editable=False, max_length=6)),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('table', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.codetable')),
                ('successor', models.ForeignKey(blank=True, db_constraint=False, help_text='For a retired code: the code that took its place.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.returncode')),
                ('section', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.section')),
                ('table_import', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kb.tableimport')),
            ],
            options={
                'verbose_name': 'historical return code',
                'verbose_name_plural': 'historical return codes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('sequence', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('kind', models.CharField(choices=[('created', 'Created'), ('updated', 'Updated'), ('retired', 'Retired'), ('restored', 'Restored'), ('deleted', 'Deleted')], max_length=10)),
                ('noun', models.CharField(choices=[('table', 'Code table'), ('section', 'Section'), ('code', 'Return code'), ('range', 'Code range'), ('note', 'Troubleshooting note'), ('proposal', 'Proposal'), ('incident', 'Incident link'), ('flag', 'Flag'), ('synonym', 'Synonyms'), ('miss', 'Ignored search')], max_length=10)),
                ('object_id', models.BigIntegerField()),
                ('label', models.CharField(help_text='What the object was called at the time.', max_length=250)),
                ('fields', models.JSONField(default=list, help_text='Names of the fields that changed.')),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('public', 'Public')], default='internal', max_length=10)),
                ('door', models.CharField(choices=[('admin', 'Admin'), ('web', 'Website'), ('api', 'API'), ('import', 'Import'), ('shell', 'Command line')], max_length=10)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('table_import', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kb.tableimport')),
                ('reason', models.CharField(blank=True, db_default='', default='', help_text='For staff alone.', max_length=100)),
            ],
            options={
                'ordering': ['-sequence'],
                'indexes': [models.Index(fields=['noun', 'object_id'], name='change_object')],
            },
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('conflict', 'In conflict'), ('retired', 'Retired'), ('restored', 'Restored'), ('moved', 'Moved'), ('reordered', 'Order changed'), ('duplicate', 'Listed twice'), ('error', 'Error'), ('warning', 'Warning')], max_length=10)),
                ('line', models.PositiveIntegerField(help_text='Line of the file, or row of the sheet.', null=True)),
                ('sheet', models.CharField(blank=True, max_length=100)),
                ('message', models.TextField(blank=True, help_text='What is wrong, or worth knowing.')),
                ('code_version', models.PositiveIntegerField(help_text='Version of the code when it was planned.', null=True)),
                ('section_name', models.CharField(blank=True, max_length=200)),
                ('code', models.CharField(blank=True, max_length=64)),
                ('identity', models.CharField(blank=True, max_length=256)),
                ('canonical', models.CharField(blank=True, max_length=256)),
                ('number', models.BigIntegerField(null=True)),
                ('sort_key', models.CharField(blank=True, max_length=2000)),
                ('position', models.PositiveIntegerField(default=0)),
                ('symbol', models.CharField(blank=True, max_length=200)),
                ('description', models.TextField(blank=True)),
                ('possible_reasons', models.TextField(blank=True)),
                ('suggested_actions', models.TextField(blank=True)),
                ('extra', models.JSONField(default=dict)),
                ('disposition', models.CharField(choices=[('retry_now', 'Retry now'), ('retry_later', 'Retry later'), ('fix_request', 'Fix the request'), ('contact_vendor', 'Contact the vendor'), ('change_plan', 'Change the plan'), ('no_action', 'No action needed'), ('unknown', 'Not decided')], default='unknown', max_length=16, verbose_name='what to do')),
                ('fixer', models.CharField(choices=[('customer', 'Customer'), ('us', 'Us'), ('vendor', 'Vendor'), ('unknown', 'Not decided')], default='unknown', max_length=8)),
                ('fields', models.JSONField(default=list, help_text='Names of the fields that change.')),
                ('conflicts', models.JSONField(default=list, help_text='Names of the texts that both sides changed.')),
                ('before', models.JSONField(default=dict, help_text='What the code held, by field.')),
                ('resolution', models.CharField(blank=True, choices=[('', 'Not decided (ours is kept)'), ('keep_ours', 'Keep ours'), ('take_theirs', "Take the vendor's"), ('edited', 'Edited'), ('leave_out', 'Leave this row out')], default='', max_length=12)),
                ('edited', models.JSONField(default=dict, help_text="Support's words for texts in conflict, by field.")),
                ('return_code', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kb.returncode')),
                ('section', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kb.section')),
                ('table_import', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='kb.tableimport')),
            ],
            options={
                'ordering': [models.OrderBy(models.F('line'), nulls_first=True), 'id'],
                'indexes': [models.Index(fields=['table_import', 'kind', 'line', 'id'], name='import_row_kind')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['new', 'changed', 'conflict', 'retired', 'restored', 'moved', 'reordered', 'duplicate', 'error', 'warning'])), name='import_row_kind_known'), models.CheckConstraint(condition=models.Q(('resolution__in', ['', 'keep_ours', 'take_theirs', 'edited', 'leave_out'])), name='import_row_resolution_known')],
            },
        ),
        migrations.CreateModel(
            name='Miss',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=64)),
                ('day', models.DateField()),
                ('lookups', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'searches without an answer',
                'constraints': [models.UniqueConstraint(fields=('day', 'text'), name='miss_once_a_day')],
                'verbose_name': 'search without an answer',
            },
        ),
        migrations.CreateModel(
            name='CodeUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('lookups', models.PositiveIntegerField(default=0)),
                ('code', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='kb.returncode')),
                ('covered', models.PositiveIntegerField(default=0, help_text='Look-ups while the code had a validated note.')),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'code'], name='code_use_day')],
                'constraints': [models.UniqueConstraint(fields=('code', 'day'), name='code_use_once_a_day')],
            },
        ),
        migrations.CreateModel(
            name='Flag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('comment', models.TextField(max_length=2000)),
                ('raised_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('state', models.CharField(choices=[('open', 'Open'), ('answered', 'Answered')], default='open', max_length=10)),
                ('answer', models.TextField(blank=True, help_text='Shown to the person who raised the flag.', max_length=2000)),
                ('answered_at', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('code', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='kb.returncode')),
                ('note', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='kb.troubleshootingnote')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='owned_flags', to=settings.AUTH_USER_MODEL)),
                ('raised_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-raised_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('comment', ''), _negated=True), name='flag_says_something'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'answered'])), name='flag_state_known')],
            },
        ),
        migrations.CreateModel(
            name='NoteOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('worked', 'Worked'), ('did_not_work', 'Did not work'), ('not_applicable', 'Not applicable')], max_length=16)),
                ('day', models.DateField()),
                ('count', models.PositiveIntegerField(default=0)),
                ('note', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='outcomes', to='kb.troubleshootingnote')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('note', 'outcome', 'day'), name='note_outcome_once_a_day'), models.CheckConstraint(condition=models.Q(('outcome__in', ['worked', 'did_not_work', 'not_applicable'])), name='note_outcome_known')],
            },
        ),
        migrations.CreateModel(
            name='Synonym',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(help_text='Two or more words or short phrases that mean the same, with commas: withdraw, recall.', max_length=400, unique=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['words'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalSynonym',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('door', models.CharField(choices=[('admin', 'Admin'), ('web', 'Website'), ('api', 'API'), ('import', 'Import'), ('shell', 'Command line')], max_length=10)),
                ('words', models.CharField(db_index=True, help_text='Two or more words or short phrases that mean the same, with commas: withdraw, recall.', max_length=400)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical synonym',
                'verbose_name_plural': 'historical synonyms',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Bearer',
            fields=[],
            options={
                'proxy': True,
                'default_permissions': (),
            },
            bases=('auth.user',),
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Which program uses the token.', max_length=80)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('hint', models.CharField(editable=False, help_text='How the token begins.', max_length=16)),
                ('scopes', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField(blank=True, help_text='Leave empty for a token that never expires.', null=True)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('last_used_at', models.DateTimeField(editable=False, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Quota',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('window', models.BigIntegerField(help_text='When it began, in seconds since 1970.')),
                ('caller', models.CharField(max_length=80)),
                ('taken', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('window', 'caller'), name='quota_once_a_window')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalProposal',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('door', models.CharField(choices=[('admin', 'Admin'), ('web', 'Website'), ('api', 'API'), ('import', 'Import'), ('shell', 'Command line')], max_length=10)),
                ('title', models.CharField(help_text='What goes wrong, in words that people search for.', max_length=200)),
                ('issue', models.TextField(blank=True, help_text="The customer's own words; several phrasings help the search.")),
                ('environment', models.TextField(blank=True, help_text='Where it happens: product, version, interface, plan.')),
                ('cause', models.TextField(blank=True, help_text='Why it happens.')),
                ('resolution', models.TextField(blank=True, help_text='What the agent does, step by step.')),
                ('customer_reply', models.TextField(blank=True, help_text='What to send to the customer; {code} and {date} are filled in. No internal links or names.')),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('public', 'Public')], default='internal', max_length=10)),
                ('base', models.JSONField(editable=False, help_text='The live text and links that the proposal was based on.')),
                ('base_version', models.PositiveIntegerField(editable=False)),
                ('reason', models.CharField(blank=True, help_text='What the change is for.', max_length=100)),
                ('state', models.CharField(choices=[('open', 'Waiting for review'), ('returned', 'Returned to author'), ('accepted', 'Accepted'), ('withdrawn', 'Withdrawn')], default='open', editable=False, max_length=10)),
                ('comment', models.TextField(blank=True, editable=False, help_text="The reviewer's answer.", max_length=2000)),
                ('decided_at', models.DateTimeField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('author', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.troubleshootingnote')),
                ('reviewer', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical proposal',
                'verbose_name_plural': 'historical proposals',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(help_text='What goes wrong, in words that people search for.', max_length=200)),
                ('issue', models.TextField(blank=True, help_text="The customer's own words; several phrasings help the search.")),
                ('environment', models.TextField(blank=True, help_text='Where it happens: product, version, interface, plan.')),
                ('cause', models.TextField(blank=True, help_text='Why it happens.')),
                ('resolution', models.TextField(blank=True, help_text='What the agent does, step by step.')),
                ('customer_reply', models.TextField(blank=True, help_text='What to send to the customer; {code} and {date} are filled in. No internal links or names.')),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('public', 'Public')], default='internal', max_length=10)),
                ('base', models.JSONField(editable=False, help_text='The live text and links that the proposal was based on.')),
                ('base_version', models.PositiveIntegerField(editable=False)),
                ('reason', models.CharField(blank=True, help_text='What the change is for.', max_length=100)),
                ('state', models.CharField(choices=[('open', 'Waiting for review'), ('returned', 'Returned to author'), ('accepted', 'Accepted'), ('withdrawn', 'Withdrawn')], default='open', editable=False, max_length=10)),
                ('comment', models.TextField(blank=True, editable=False, help_text="The reviewer's answer.", max_length=2000)),
                ('decided_at', models.DateTimeField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('author', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='proposals', to=settings.AUTH_USER_MODEL)),
                ('codes', models.ManyToManyField(blank=True, related_name='+', to='kb.returncode')),
                ('note', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='kb.troubleshootingnote')),
                ('ranges', models.ManyToManyField(blank=True, related_name='+', to='kb.coderange')),
                ('reviewer', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-updated_at', '-id'],
                'default_permissions': (),
                'indexes': [models.Index(fields=['state', '-updated_at'], name='proposal_state')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('open', 'returned'))), fields=('note', 'author'), name='proposal_one_a_person_and_note'), models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='proposal_title_given'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'returned', 'accepted', 'withdrawn'])), name='proposal_state_known'), models.CheckConstraint(condition=models.Q(('audience__in', ['internal', 'public'])), name='proposal_audience_known')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalProposal_ranges',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('coderange', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.coderange')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='kb.historicalproposal')),
                ('proposal', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.proposal')),
            ],
            options={
                'verbose_name': 'HistoricalProposal_ranges',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalProposal_codes',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='kb.historicalproposal')),
                ('returncode', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.returncode')),
                ('proposal', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='kb.proposal')),
            ],
            options={
                'verbose_name': 'HistoricalProposal_codes',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='IgnoredMiss',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=64, unique=True)),
                ('ignored_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('ignored_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        # Apart, so that PostgreSQL gives the constraint the name that it has in databases of the release before.
        migrations.AlterField("incidentlink", "canonical", models.CharField(editable=False, max_length=2100, unique=True)),
        migrations.RunPython(create, drop),
        migrations.RunPython(add_synonyms, migrations.RunPython.noop),
    ]
    # fmt: on
