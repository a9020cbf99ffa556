-- Since when a notice could not be made into messages, and why. It is tried again all along.
ALTER TABLE notice_pending ADD COLUMN failed_at TIMESTAMP;
ALTER TABLE notice_pending ADD COLUMN reason TEXT;
CREATE INDEX notice_pending_by_failed_at ON notice_pending (failed_at) WHERE failed_at IS NOT NULL;
