-- Which document shows that a condition is met; unknown of those lifted before.
ALTER TABLE conditions ADD COLUMN document_id TEXT COLLATE "C";
