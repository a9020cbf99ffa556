-- The code of an invitation, while its message waits; erased when the message has gone out or is given up.
ALTER TABLE mails ADD COLUMN secret TEXT COLLATE "C";
