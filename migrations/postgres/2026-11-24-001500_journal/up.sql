-- An entry that takes back another, mirrored: which, of which kind that was, why. Taken back once.
ALTER TABLE journal_entries ADD COLUMN reverses_id TEXT COLLATE "C";
ALTER TABLE journal_entries ADD COLUMN reversed_kind TEXT COLLATE "C";
-- Why: the legal basis of authority and of what is carried over, the reason of a reversal.
ALTER TABLE journal_entries ADD COLUMN reason TEXT;
-- The year that money carried over was first paid in.
ALTER TABLE journal_entries ADD COLUMN origin_year BIGINT;
CREATE UNIQUE INDEX journal_entries_by_reverses_id ON journal_entries (reverses_id);

ALTER TABLE balances ADD COLUMN carried_in_idr BIGINT NOT NULL DEFAULT 0;
ALTER TABLE balances ADD COLUMN carried_out_idr BIGINT NOT NULL DEFAULT 0;

-- A contract that was recorded by mistake binds nothing.
ALTER TABLE contracts ADD COLUMN voided_at TIMESTAMP;

-- Which recording of a number, from 1: after an earlier one was reversed, the number can be recorded again.
ALTER TABLE contracts ADD COLUMN recording BIGINT NOT NULL DEFAULT 1;
DROP INDEX contracts_by_proposal_id_number_key;
CREATE UNIQUE INDEX contracts_by_proposal_id_number_key_recording ON contracts (proposal_id, number_key, recording);
ALTER TABLE expenditures ADD COLUMN recording BIGINT NOT NULL DEFAULT 1;
DROP INDEX expenditures_by_proposal_id_number_key;
CREATE UNIQUE INDEX expenditures_by_proposal_id_number_key_recording ON expenditures (proposal_id, number_key, recording);
ALTER TABLE returns ADD COLUMN recording BIGINT NOT NULL DEFAULT 1;
DROP INDEX returns_by_proposal_id_number_key;
CREATE UNIQUE INDEX returns_by_proposal_id_number_key_recording ON returns (proposal_id, number_key, recording);

-- Late penalty (denda) that goes with a payment order; whether it pays in advance (uang muka).
ALTER TABLE expenditures ADD COLUMN penalty_idr BIGINT NOT NULL DEFAULT 0;
ALTER TABLE expenditures ADD COLUMN is_advance BOOLEAN NOT NULL DEFAULT FALSE;

-- Changes of contracts (addendum), as they were signed.
CREATE TABLE amendments (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    contract_id TEXT COLLATE "C" NOT NULL REFERENCES contracts (id),
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    n BIGINT NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    number_key TEXT COLLATE "C" NOT NULL,
    signed_on DATE NOT NULL,
    value_before_idr BIGINT NOT NULL,
    value_idr BIGINT NOT NULL,
    ends_before_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    reason TEXT NOT NULL,
    flags TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);
CREATE UNIQUE INDEX amendments_by_contract_id_n ON amendments (contract_id, n);
CREATE INDEX amendments_by_proposal_id_id ON amendments (proposal_id, id);
CREATE TRIGGER amendments_no_update BEFORE UPDATE ON amendments FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER amendments_no_delete BEFORE DELETE ON amendments FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER amendments_no_truncate BEFORE TRUNCATE ON amendments FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- The lines that a contract covers from an amendment on, or does not cover any more.
CREATE TABLE amendment_lines (
    amendment_id TEXT COLLATE "C" NOT NULL REFERENCES amendments (id),
    line_no BIGINT NOT NULL,
    covered BOOLEAN NOT NULL,
    PRIMARY KEY (amendment_id, line_no)
);
CREATE TRIGGER amendment_lines_no_update BEFORE UPDATE ON amendment_lines FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER amendment_lines_no_delete BEFORE DELETE ON amendment_lines FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER amendment_lines_no_truncate BEFORE TRUNCATE ON amendment_lines FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- Money that a vendor paid back to the region.
CREATE TABLE recoveries (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    contract_id TEXT COLLATE "C" NOT NULL REFERENCES contracts (id),
    number TEXT COLLATE "C" NOT NULL,
    number_key TEXT COLLATE "C" NOT NULL,
    recording BIGINT NOT NULL,
    received_on DATE NOT NULL,
    amount_idr BIGINT NOT NULL,
    reason TEXT NOT NULL,
    flags TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);
CREATE UNIQUE INDEX recoveries_by_proposal_id_number_key_recording ON recoveries (proposal_id, number_key, recording);
CREATE INDEX recoveries_by_contract_id ON recoveries (contract_id);
CREATE TRIGGER recoveries_no_update BEFORE UPDATE ON recoveries FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER recoveries_no_delete BEFORE DELETE ON recoveries FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER recoveries_no_truncate BEFORE TRUNCATE ON recoveries FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();

-- Leftover that another proposal of the region uses in a later year.
CREATE TABLE carries (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    from_proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    to_proposal_id TEXT COLLATE "C" NOT NULL REFERENCES proposals (id),
    origin_year BIGINT NOT NULL,
    carried_on DATE NOT NULL,
    amount_idr BIGINT NOT NULL,
    legal_basis TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES users (id)
);
CREATE INDEX carries_by_from_proposal_id_id ON carries (from_proposal_id, id);
CREATE INDEX carries_by_to_proposal_id_id ON carries (to_proposal_id, id);
CREATE TRIGGER carries_no_update BEFORE UPDATE ON carries FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER carries_no_delete BEFORE DELETE ON carries FOR EACH ROW EXECUTE FUNCTION sentra_append_only();
CREATE TRIGGER carries_no_truncate BEFORE TRUNCATE ON carries FOR EACH STATEMENT EXECUTE FUNCTION sentra_append_only();
