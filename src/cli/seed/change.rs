//! Change requests of seeded lives: asked, answered and accepted, as the guards want it.

use crate::cli::seed::cast::Person;
use crate::cli::seed::life::Life;
use crate::domain::audit::SubjectKind;
use crate::domain::change::RequestState;
use crate::domain::ids::ChangeRequestId;
use crate::domain::people::{Duty, Role};
use crate::storage::change_request::ChangeRequest;
use serde_json::{Value, json};

impl Life<'_> {
    /// The reviewer asks for one change of the summary.
    pub(super) fn ask_change(&mut self) -> Result<(), String> {
        let by = self.person(Role::Reviewer)?;
        self.pass();
        self.row.version = self.row.version.saturating_add(1);
        let row = ChangeRequest {
            id: ChangeRequestId(self.world.ids.next(&mut self.world.dice)),
            proposal_id: self.row.id,
            n: i64::try_from(self.requests.len()).unwrap_or(0).saturating_add(1),
            pointer: "/summary".to_owned(),
            comment: "Mohon dilengkapi dengan jumlah pelaku usaha.".to_owned(),
            state: RequestState::Open,
            rounds: 0,
            asked_role: Role::Reviewer,
            asked_by: by.user,
            asked_at: self.at,
            asked_version: self.row.version,
            answer: None,
            answered_by: None,
            answered_at: None,
            decided_by: None,
            decided_at: None,
            decision_comment: None,
            accepted_version: None,
            accepted_value: None,
            version: 1,
        };
        self.requests.push(row);
        self.changed("change_request.ask", by, Duty::Review, self.requests.len())
    }

    /// The drafter answers what is open.
    pub(super) fn answer_changes(&mut self) -> Result<(), String> {
        let by = self.person(Role::Drafter)?;
        for nth in 1..=self.requests.len() {
            let at = self.at;
            let Some(row) = self.nth_in(nth, RequestState::Open) else { continue };
            row.state = RequestState::Answered;
            row.answer = Some("Terlampir.".to_owned());
            (row.answered_by, row.answered_at) = (Some(by.user), Some(at));
            row.version = row.version.saturating_add(1);
            self.row.version = self.row.version.saturating_add(1);
            self.changed("change_request.answer", by, Duty::Drafting, nth)?;
        }
        Ok(())
    }

    /// The reviewer accepts what is answered.
    pub(super) fn accept_changes(&mut self) -> Result<(), String> {
        let by = self.person(Role::Reviewer)?;
        for nth in 1..=self.requests.len() {
            let at = self.at;
            let version = self.row.version.saturating_add(1);
            let value = Value::from(self.row.summary.as_str()).to_string();
            let Some(row) = self.nth_in(nth, RequestState::Answered) else { continue };
            row.state = RequestState::Accepted;
            (row.decided_by, row.decided_at) = (Some(by.user), Some(at));
            (row.accepted_version, row.accepted_value) = (Some(version), Some(value));
            row.version = row.version.saturating_add(1);
            self.row.version = version;
            self.changed("change_request.accept", by, Duty::Review, nth)?;
        }
        Ok(())
    }

    fn nth_in(&mut self, nth: usize, state: RequestState) -> Option<&mut ChangeRequest> {
        self.requests.get_mut(nth.checked_sub(1)?).filter(|row| row.state == state)
    }

    /// The event of a change of the nth request, and the revisions of it and of the proposal.
    fn changed(&mut self, action: &str, by: Person, duty: Duty, nth: usize) -> Result<(), String> {
        let row = nth.checked_sub(1).and_then(|index| self.requests.get(index)).cloned();
        let row = row.ok_or_else(|| format!("there is no request {nth}"))?;
        let content = json!({ "n": row.n, "pointer": row.pointer, "request_state": row.state });
        let event = self.settle(action, Some(by), Some(duty), content)?;
        let (kind, id) = (SubjectKind::ChangeRequest, row.id.to_string());
        self.world.revise(self.batch, event, kind, id, row.version, &row)
    }
}
