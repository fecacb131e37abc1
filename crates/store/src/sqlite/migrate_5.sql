-- From format 4 to 5. The column also stands in `schema.sql`.

-- What a publisher says of itself besides, as JSON: addresses, a description.
ALTER TABLE publisher ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
