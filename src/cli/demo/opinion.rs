//! What province and ministry say of a case's lines: flags and scores that follow from what the service remarks of the
//! lines itself, amounts as the case tells.

use crate::cli::demo::case;
use crate::domain::assessment::{Score, Scores};
use crate::domain::money::Rupiah;
use crate::domain::remark::RemarkCode;
use crate::service::line_review::LineReview;
use crate::service::view::line::Line;

/// What is given where nothing speaks against it.
const SOUND: i64 = 85;
/// What is given where a cut was made.
const CUT: i64 = 40;

/// The verifier's flag: sound, or sound with notes where something is remarked.
pub fn flag(line: &Line) -> LineReview {
    let remark = line.remarks.first();
    LineReview {
        line_no: line.line_no,
        flag: Some(if remark.is_some() { "blue" } else { "green" }.to_owned()),
        words: remark.map(|remark| remark.message.clone()),
        ..LineReview::default()
    }
}

/// The reviewer's assessment: what the case says was approved in the end, with its reason.
pub fn assessment(line: &Line, case: &case::Line) -> LineReview {
    let is_dear = line.remarks.iter().any(|remark| remark.code == RemarkCode::AboveReference);
    let is_cut = case.approved_idr.is_some_and(|amount| amount.0 < line.amount_idr);
    let sound = Score { score: SOUND, words: None };
    let price = match is_cut || is_dear {
        true => Score { score: CUT, words: Some(words(line, case)) },
        false => sound.clone(),
    };
    let scores = Scores {
        technical: sound.clone(),
        output_target: sound.clone(),
        unit_price: price,
        readiness: sound,
    };
    LineReview {
        scores: Some(scores),
        reason: is_cut.then(|| words(line, case)),
        ..grant(line, case)
    }
}

fn words(line: &Line, case: &case::Line) -> String {
    let remark = line.remarks.first().map(|remark| remark.message.clone());
    let words = case.reason.clone().or(remark);
    words.unwrap_or_else(|| "Within what the year's budget allows.".to_owned())
}

/// Agreed and approved values, as the case tells.
pub fn grant(line: &Line, case: &case::Line) -> LineReview {
    LineReview {
        line_no: line.line_no,
        amount_idr: Some(case.approved_idr.unwrap_or(Rupiah(line.amount_idr))),
        reason: case.reason.clone(),
        ..LineReview::default()
    }
}
