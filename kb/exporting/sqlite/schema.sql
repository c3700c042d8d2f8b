-- Datasette and sqlite-utils follow a reference only if it names its column, and find a full-text index only if
-- `content` is in double quotes.
CREATE TABLE README (topic TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE tables (
    id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, vendor TEXT NOT NULL, product TEXT NOT NULL, name TEXT NOT NULL,
    language TEXT NOT NULL, source_url TEXT NOT NULL, context_words TEXT NOT NULL, audience TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE sections (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL REFERENCES tables (id), position INTEGER NOT NULL,
    name TEXT NOT NULL, slug TEXT NOT NULL
);
CREATE TABLE ranges (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL REFERENCES tables (id), name TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, origin TEXT NOT NULL
);
CREATE TABLE codes (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL REFERENCES tables (id),
    section_id INTEGER NOT NULL REFERENCES sections (id), position INTEGER NOT NULL,
    code TEXT NOT NULL, number INTEGER,
    $text_columns,
    $vendor_columns, extra TEXT NOT NULL,
    disposition TEXT NOT NULL, disposition_origin TEXT NOT NULL, fixer TEXT NOT NULL, fixer_origin TEXT NOT NULL,
    successor_id INTEGER REFERENCES codes (id), retired_at TEXT, updated_at TEXT NOT NULL
);
CREATE TABLE notes (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, issue TEXT NOT NULL, environment TEXT NOT NULL, cause TEXT NOT NULL,
    resolution TEXT NOT NULL, customer_reply TEXT NOT NULL, state TEXT NOT NULL, audience TEXT NOT NULL,
    validated_at TEXT, updated_at TEXT NOT NULL
);
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, url TEXT NOT NULL, reference TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL,
    started_at TEXT, resolved_at TEXT, impact TEXT NOT NULL, workaround TEXT NOT NULL, audience TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE note_codes (
    note_id INTEGER NOT NULL REFERENCES notes (id), code_id INTEGER NOT NULL REFERENCES codes (id),
    PRIMARY KEY (note_id, code_id)
) WITHOUT ROWID;
CREATE TABLE note_ranges (
    note_id INTEGER NOT NULL REFERENCES notes (id), range_id INTEGER NOT NULL REFERENCES ranges (id),
    PRIMARY KEY (note_id, range_id)
) WITHOUT ROWID;
CREATE TABLE incident_codes (
    incident_id INTEGER NOT NULL REFERENCES incidents (id), code_id INTEGER NOT NULL REFERENCES codes (id),
    PRIMARY KEY (incident_id, code_id)
) WITHOUT ROWID;

CREATE VIEW code_list AS
SELECT t.slug AS "table", s.name AS section, c.code, $texts_of_code,
    c.disposition, c.fixer, c.retired_at, c.id
FROM codes AS c JOIN tables AS t ON t.id = c.table_id JOIN sections AS s ON s.id = c.section_id
ORDER BY t.slug, c.position, c.id;

CREATE VIEW code_notes AS
SELECT t.slug AS "table", c.code, n.title, n.state, n.audience, n.cause, n.resolution, n.customer_reply,
    c.id AS code_id, n.id AS note_id
FROM (
    SELECT note_id, code_id FROM note_codes
    UNION
    SELECT nr.note_id, c.id FROM note_ranges AS nr JOIN ranges AS r ON r.id = nr.range_id
    JOIN codes AS c ON c.table_id = r.table_id AND c.number BETWEEN r.first AND r.last
) AS about
JOIN notes AS n ON n.id = about.note_id JOIN codes AS c ON c.id = about.code_id JOIN tables AS t ON t.id = c.table_id;

CREATE VIEW code_incidents AS
SELECT t.slug AS "table", c.code, i.reference, i.title, i.state, i.started_at, i.resolved_at, i.workaround, i.url,
    c.id AS code_id, i.id AS incident_id
FROM incident_codes AS ic JOIN incidents AS i ON i.id = ic.incident_id JOIN codes AS c ON c.id = ic.code_id
JOIN tables AS t ON t.id = c.table_id;

CREATE VIRTUAL TABLE codes_fts USING fts5(
    code, $texts,
    content="codes", content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE notes_fts USING fts5(
    title, issue, environment, cause, resolution,
    content="notes", content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);
