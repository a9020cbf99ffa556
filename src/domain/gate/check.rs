//! The checks of a gate, one by one.

use super::{Check, Facts, Part, Purpose, Rule, Span, span};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::policy::TrancheRule;
use crate::domain::tranche::Mode;
use std::collections::BTreeSet;

impl Facts<'_> {
    /// Each check that applies, in the order in which people meet them.
    pub(super) fn checks(&self, purpose: Purpose, cap: Rupiah, paid: Rupiah) -> Vec<Check> {
        let mut checks = vec![self.exists()];
        let Some(index) = self.index() else { return checks };
        if let Some(span) = span(self.policy, self.mode, index) {
            checks.push(self.window(&span, purpose));
            checks.push(self.documents_in_time(&span));
        }
        if index == 0 && self.mode != Mode::LumpSumOnRecommendation {
            checks.push(self.contract_gate());
        }
        if index > 0 {
            checks.push(self.previous());
        }
        if self.mode == Mode::Staged
            && let Some(rule) = self.policy.tranches.get(index)
        {
            checks.push(self.absorption(rule));
            checks.push(self.output_reached(rule));
            let types: BTreeSet<&String> = rule.documents.iter().collect();
            checks.extend(types.into_iter().map(|name| self.document(name)));
        }
        if self.policy.reporting.overdue_blocks_tranches {
            checks.push(self.reports());
        }
        if self.mode == Mode::LumpSumOnRecommendation {
            checks.push(self.handover());
        }
        checks.push(self.within_cap(cap, paid));
        checks
    }

    /// A check that rests on the first of some values of the policy that has a source.
    fn check(&self, rule: Rule, values: &[&str]) -> Check {
        let (legal_basis, confirmed) = self.policy.basis(values);
        Check {
            rule,
            legal_basis: legal_basis.to_owned(),
            confirmed,
            required: String::new(),
            actual: String::new(),
            met: true,
            due: None,
            how: None,
            amounts: None,
            shares: None,
            proposals: Vec::new(),
        }
    }

    fn exists(&self) -> Check {
        let count = self.tranches();
        let (met, mode) = (self.index().is_some(), self.mode);
        let required = match count {
            1 => format!("the one payment of {mode}, n = 1"),
            several => format!("n from 1 to {several} ({mode})"),
        };
        let how = (!met).then(|| format!("Name a tranche that there is: 1 to {count}."));
        let values: &[&str] = match mode {
            Mode::Staged => &["tranches.share_bp", "tranches"],
            Mode::LumpSum | Mode::LumpSumOnRecommendation => &["modes.limit_idr", "modes"],
        };
        let check = self.check(Rule::TrancheExists, values);
        Check { required, actual: format!("n = {}", self.n), met, how, ..check }
    }

    fn window(&self, span: &Span, purpose: Purpose) -> Check {
        let opened = span.opens.is_none_or(|opens| opens.moment() <= self.when.last);
        let closed = self.when.first >= span.payable_until;
        let met = !closed && (opened || purpose == Purpose::Request);
        let from = span.opens.map(|opens| format!("from {opens} ")).unwrap_or_default();
        let how = match (closed, span.opens) {
            _ if met => None,
            (false, Some(opens)) => Some(format!("Wait until it opens at {opens}.")),
            _ => Some(format!(
                "It is over; only a decree that moves its end (/{}) opens it again.",
                span.path
            )),
        };
        Check {
            required: format!("a payment {from}until {}", span.closes),
            actual: self.when.words(),
            met,
            due: Some(span.payable_until),
            how,
            ..self.check(Rule::PaymentWindow, &[&format!("{}.opens", span.path), span.path])
        }
    }

    /// When the request was received, in words.
    fn received_words(&self) -> String {
        match self.received {
            Some(received) => format!("one received at {received}"),
            None => format!("none received by {}", self.when.words()),
        }
    }

    fn documents_in_time(&self, span: &Span) -> Check {
        let due = span.due.moment();
        let met = self.received.unwrap_or(self.when.first) < due;
        let how = (!met).then(|| {
            format!("The term is over; only a decree that moves it (/{}) helps.", span.path)
        });
        let value = format!("{}.documents_due", span.path);
        let values: &[&str] = match self.mode {
            Mode::Staged => &[&value, "tranches.opens", "tranches"],
            Mode::LumpSum | Mode::LumpSumOnRecommendation => &["modes.closes", span.path],
        };
        Check {
            required: format!("a complete request received before {}", span.due),
            actual: self.received_words(),
            met,
            due: Some(due),
            how,
            ..self.check(Rule::DocumentsInTime, values)
        }
    }

    fn contract_gate(&self) -> Check {
        let gate = self.policy.contract_gate;
        let met = self.received.unwrap_or(self.when.first) < gate.moment();
        let how = (!met).then(|| {
            "The gate of the year has passed; only a decree that moves /contract_gate helps."
                .to_owned()
        });
        Check {
            required: format!("a first request received before {gate}"),
            actual: self.received_words(),
            met,
            due: Some(gate.moment()),
            how,
            ..self.check(Rule::ContractGate, &["contract_gate"])
        }
    }

    fn previous(&self) -> Check {
        let before = self.n.saturating_sub(1);
        let met = self.previous_paid_on.is_some();
        let actual = match self.previous_paid_on {
            Some(day) => format!("paid on {day}"),
            None => "not paid".to_owned(),
        };
        let how = (!met).then(|| format!("Tranche {before} has to be paid first."));
        let check = self.check(Rule::PreviousPaid, &["tranches.share_bp", "tranches"]);
        Check { required: format!("tranche {before} paid"), actual, met, how, ..check }
    }

    fn absorption(&self, rule: &TrancheRule) -> Check {
        let least = rule.min_absorption_bp;
        let required = share_of(self.receipts, least);
        let met = self.absorbed >= required;
        let share = BasisPoints::of(self.absorbed.0, self.receipts.0);
        let how = (!met).then(|| {
            let missing = Rupiah::total([required, self.absorbed.negated()]);
            format!("{missing} more has to be spent, and its payment orders (SP2D) recorded.")
        });
        Check {
            required: format!("{least} of the {} received: {required} spent", self.receipts),
            actual: format!("{} spent ({share})", self.absorbed),
            met,
            how,
            amounts: Some((required, self.absorbed)),
            shares: Some((least, share)),
            ..self.check(Rule::Absorption, &["tranches.min_absorption_bp", "tranches"])
        }
    }

    fn output_reached(&self, rule: &TrancheRule) -> Check {
        let (least, output) = (rule.min_output_bp, self.output());
        let met = output >= least;
        let how = (!met).then(|| {
            format!(
                "The mean of what the proposals' last reports say, weighted by their contracts, has to rise to {least}; \
                 submit reports of the progress made."
            )
        });
        Check {
            required: format!("output of {least}"),
            actual: format!("output of {output}"),
            met,
            how,
            shares: Some((least, output)),
            ..self.check(Rule::Output, &["tranches.min_output_bp", "tranches"])
        }
    }

    fn document(&self, name: &str) -> Check {
        let asked: Vec<&Part> = self.paid_here().filter(|part| part.has_contracts()).collect();
        let proposals: Vec<_> = asked
            .iter()
            .filter(|part| part.lacks.iter().any(|lacking| lacking == name))
            .map(|part| part.id)
            .collect();
        let there = asked.len().saturating_sub(proposals.len());
        let met = proposals.is_empty();
        let how = (!met).then(|| {
            format!(
                "POST {name} to the documents of each proposal that lacks it, or ask for a waiver."
            )
        });
        let mut check = self.check(Rule::Document, &["tranches.documents", "tranches"]);
        let rules = self.policy.documents.iter();
        let basis = rules
            .filter(|rule| rule.document_type == name)
            .find_map(|rule| rule.legal_basis.as_ref());
        if let Some(basis) = basis {
            check.legal_basis.clone_from(basis);
        }
        Check {
            required: format!("{name} of each of {} proposals with contracts", asked.len()),
            actual: format!("{name} of {there}"),
            met,
            how,
            proposals,
            ..check
        }
    }

    fn reports(&self) -> Check {
        let overdue: Vec<_> =
            self.parts.iter().filter_map(|part| Some((part.id, part.overdue?))).collect();
        let met = overdue.is_empty();
        let actual = match overdue.iter().map(|(_, day)| day).min() {
            None => "none overdue".to_owned(),
            Some(day) => format!("{} proposals owe one, the oldest of {day}", overdue.len()),
        };
        let how = (!met).then(|| "Submit the reports that are overdue (POST reports).".to_owned());
        Check {
            required: "no report overdue".to_owned(),
            actual,
            met,
            how,
            proposals: overdue.into_iter().map(|(id, _)| id).collect(),
            ..self.check(Rule::Reports, &["reporting.overdue_blocks_tranches", "reporting"])
        }
    }

    fn handover(&self) -> Check {
        let with_contracts = || self.paid_here().filter(|part| part.has_contracts());
        let lacking: Vec<_> =
            with_contracts().filter(|part| part.handover.is_none()).map(|part| part.id).collect();
        let count = with_contracts().count();
        let there = count.saturating_sub(lacking.len());
        let met = there > 0;
        let how = (!met).then(|| {
            "Record the handover minutes (BAST) with their value (record_handover).".to_owned()
        });
        Check {
            required: "the handover minutes (BAST) of what is paid".to_owned(),
            actual: format!("those of {there} of {count} proposals with contracts"),
            met,
            how,
            proposals: lacking,
            ..self.check(Rule::Handover, &["modes.recorded_before", "modes"])
        }
    }

    fn within_cap(&self, cap: Rupiah, paid: Rupiah) -> Check {
        let used = Rupiah::total([paid, self.requested, self.asked]);
        let met = used <= cap;
        let values: &[&str] = match self.mode {
            Mode::Staged => &["tranches.share_bp", "tranches"],
            Mode::LumpSum | Mode::LumpSumOnRecommendation => &["modes.limit_idr", "modes"],
        };
        let required = match (self.mode, self.index()) {
            (Mode::LumpSum, _) => format!("at most the contract list of {cap}"),
            (Mode::LumpSumOnRecommendation, _) => format!("at most the handover value of {cap}"),
            (Mode::Staged, Some(last)) if last.saturating_add(1) == self.tranches() => {
                format!("at most the {cap} that contracts still need")
            }
            (Mode::Staged, _) => format!("at most the tranche's {cap}"),
        };
        let how = (!met).then(|| format!("At most {} can still be asked for.", self.room(paid)));
        Check {
            required,
            actual: format!("{paid} paid, {} requested, {} asked for", self.requested, self.asked),
            met,
            how,
            amounts: Some((cap, used)),
            ..self.check(Rule::WithinCap, values)
        }
    }
}

/// The least whole amount that is this share of a whole: rounded up, so that what is below the share does not pass.
pub(super) fn share_of(whole: Rupiah, share: BasisPoints) -> Rupiah {
    let product = i128::from(whole.0.max(0)) * i128::from(share.0);
    let per = i128::from(BasisPoints::WHOLE.0);
    Rupiah(i64::try_from((product + per - 1) / per).unwrap_or(i64::MAX))
}
