DROP TABLE policies;
DROP TABLE regions;
DROP TABLE settings;
