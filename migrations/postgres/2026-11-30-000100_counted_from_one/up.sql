-- A sequence counts from 1, and so does the size of a checkpoint: what stood below would be in every answer about the past,
-- and in no walk from the beginning.
CREATE FUNCTION sentra_counts_from_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% counts from 1', TG_TABLE_NAME;
END;
$$;
CREATE TRIGGER audit_seals_no_other BEFORE INSERT ON audit_seals FOR EACH ROW WHEN (NEW.seq < 1) EXECUTE FUNCTION sentra_counts_from_one();
CREATE TRIGGER audit_checkpoints_no_other BEFORE INSERT ON audit_checkpoints FOR EACH ROW WHEN (NEW.size < 1) EXECUTE FUNCTION sentra_counts_from_one();
