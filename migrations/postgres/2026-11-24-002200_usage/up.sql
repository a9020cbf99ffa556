-- Sums of a year's fund usage read its proposals in the order of their ids, page by page.
CREATE INDEX proposals_by_fiscal_year_id ON proposals (fiscal_year, id);

-- The newest report that stands, of each proposal.
CREATE INDEX reports_by_proposal_id_as_of_submitted_at_id ON reports (proposal_id, as_of, submitted_at, id)
    WHERE state IN ('submitted', 'reviewed');
