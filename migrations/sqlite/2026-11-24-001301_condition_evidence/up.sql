-- Which document shows that a condition is met; unknown of those lifted before.
ALTER TABLE conditions ADD COLUMN document_id TEXT;
-- At which version of its proposal a document was brought; unknown of older ones.
ALTER TABLE documents ADD COLUMN proposal_version BIGINT;
