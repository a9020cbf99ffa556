//! The picture of a year as it was known: its figures are summed from the journal, not read from balances.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::RegionCode;
use crate::domain::journal::{Figures, Posting};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::known::Known;
use crate::service::usage::{self, Usage};
use crate::service::{Services, policy};
use crate::storage::AnyConnection;
use crate::storage::ceiling::Ceiling;
use crate::storage::known;
use crate::storage::question::Scope;

/// The figures of a year, summed over the proposals that the caller may see; as they were known, where an instant is named.
pub fn usage(
    sv: &Services,
    cx: &Context,
    fiscal_year: i64,
    (province, region): (Option<&RegionCode>, Option<&RegionCode>),
    as_of: Option<Moment>,
) -> Result<Usage, Error> {
    let Some(at) = as_of else { return usage::show(sv, cx, fiscal_year, province, region) };
    let known = Known::at(sv, at)?;
    sv.db.read(|tx| {
        policy::known(tx, region, "/query/region_code")?;
        policy::known(tx, province, "/query/province_code")?;
        let scope = Scope {
            sight: cx.actor.sight(),
            fiscal_year: Some(fiscal_year),
            region_code: region.cloned(),
            province_code: province.cloned(),
            proposal_id: None,
        };
        let (proposals, regions) = known::counts(tx, &scope, known.seq)?;
        let figures = figures(tx, &scope, known)?;
        let ceiling: Option<Ceiling> = known.row(tx, SubjectKind::Ceiling, fiscal_year)?;
        Ok(Usage {
            fiscal_year,
            national_ceiling_idr: ceiling.as_ref().map(|row| row.amount_idr.0),
            allocated_idr: ceiling.as_ref().map(|row| row.used_idr.0),
            proposals,
            regions,
            figures: figures.into(),
        })
    })
}

/// The figures that the proposals within a scope had together.
pub fn figures(tx: &mut AnyConnection, scope: &Scope, known: Known) -> Result<Figures, Error> {
    let mut sum = Figures::default();
    for (kind, undoes, from, to, amount) in known::totals(tx, scope, known.seq)? {
        let posting = Posting { kind, from, to, amount: Rupiah(amount), undoes };
        sum = sum
            .with(&posting)
            .ok_or_else(|| Error::Defect(format!("{kind} entries can't be added up")))?;
    }
    sum.plan_idr = Rupiah(known::planned(tx, scope, known.seq)?);
    Ok(sum)
}
