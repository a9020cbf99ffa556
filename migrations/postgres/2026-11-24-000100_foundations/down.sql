DROP TABLE policies;
DROP TABLE regions;
DROP TABLE settings;
DROP FUNCTION sentra_append_only();
