-- What was set free is few among the entries of the nation.
CREATE INDEX journal_entries_released_by_proposal_id_id ON journal_entries (proposal_id, id) WHERE kind = 'release';

-- Of all that happened, few attempts were refused.
CREATE INDEX audit_events_refused_by_id ON audit_events (id) WHERE outcome = 'refused';
