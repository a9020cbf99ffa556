-- A sequence counts from 1, and so does the size of a checkpoint: what stood below would be in every answer about the past,
-- and in no walk from the beginning. A number here is one, and no text or fraction that reads like it.
CREATE TRIGGER audit_seals_no_other BEFORE INSERT ON audit_seals WHEN typeof(NEW.seq) <> 'integer' OR NEW.seq < 1 BEGIN SELECT RAISE(ABORT, 'audit_seals counts from 1'); END;
CREATE TRIGGER audit_checkpoints_no_other BEFORE INSERT ON audit_checkpoints WHEN typeof(NEW.size) <> 'integer' OR NEW.size < 1 BEGIN SELECT RAISE(ABORT, 'audit_checkpoints counts from 1'); END;
