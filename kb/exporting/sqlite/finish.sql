-- The database has only rows that its reader may read; delete the links to the others.
DELETE FROM note_codes WHERE note_id NOT IN (SELECT id FROM notes) OR code_id NOT IN (SELECT id FROM codes);
DELETE FROM note_ranges WHERE note_id NOT IN (SELECT id FROM notes) OR range_id NOT IN (SELECT id FROM ranges);
DELETE FROM incident_codes WHERE incident_id NOT IN (SELECT id FROM incidents) OR code_id NOT IN (SELECT id FROM codes);
UPDATE codes SET successor_id = NULL WHERE successor_id NOT IN (SELECT id FROM codes);

CREATE INDEX codes_by_code ON codes (code);
CREATE INDEX codes_by_number ON codes (table_id, number);
CREATE INDEX codes_in_vendor_order ON codes (table_id, position, id);
CREATE INDEX notes_of_code ON note_codes (code_id);
CREATE INDEX incidents_of_code ON incident_codes (code_id);

INSERT INTO codes_fts (codes_fts) VALUES ('rebuild');
INSERT INTO notes_fts (notes_fts) VALUES ('rebuild');
