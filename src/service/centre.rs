//! The registry of industry centres (sentra IKM), and the regions that they lie in.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{CentreId, EventId, RegionCode};
use crate::domain::input::{Checks, MAX_SHORT, number_key};
use crate::domain::moment::Zone;
use crate::domain::people::Role;
use crate::domain::proposal::OutcomeClass;
use crate::domain::refusal::FieldError;
use crate::service::Services;
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::proposal::{given, present};
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::proposal as view;
use crate::storage::centre::{self, Centre};
use crate::storage::{AnyConnection, region};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// What the registry keeps of a centre.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CentreDraft {
    /// Where; can't be changed later.
    pub region_code: RegionCode,
    /// Name.
    pub name: String,
    /// What is made there.
    pub commodity: String,
    /// Standard classification of the business (KBLI), five digits.
    #[serde(default)]
    pub kbli: Option<String>,
    /// Village.
    pub village: String,
    /// District.
    pub district: String,
    /// Degrees north.
    #[serde(default)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    pub longitude: Option<f64>,
    /// The regional head's decree that names it; without one the entry is provisional.
    #[serde(default)]
    pub decree_number: Option<String>,
    /// Its date.
    #[serde(default)]
    pub decree_date: Option<NaiveDate>,
    /// Households in the village.
    #[serde(default)]
    pub households_in_village: i64,
    /// Of them in this business.
    #[serde(default)]
    pub households_in_business: i64,
    /// Organised or coached by a ministry or agency.
    #[serde(default)]
    pub organised: bool,
    /// Known to the public.
    #[serde(default)]
    pub known_to_public: bool,
    /// Business units.
    #[serde(default)]
    pub businesses: i64,
    /// Members (anggota).
    #[serde(default)]
    pub members: i64,
    /// Administrators (pengurus).
    #[serde(default)]
    pub administrators: i64,
    /// Manager (pengelola).
    #[serde(default)]
    pub manager: Option<String>,
    /// Technical service unit (UPT).
    #[serde(default)]
    pub technical_service_unit: Option<String>,
    /// What it is to bear.
    pub outcome_class: OutcomeClass,
}

impl CentreDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        for (pointer, text) in [
            ("/name", &self.name),
            ("/commodity", &self.commodity),
            ("/village", &self.village),
            ("/district", &self.district),
        ] {
            checks.text(pointer, text, MAX_SHORT);
        }
        for (pointer, text) in [
            ("/decree_number", &self.decree_number),
            ("/manager", &self.manager),
            ("/technical_service_unit", &self.technical_service_unit),
        ] {
            checks.optional_text(pointer, text.as_deref(), MAX_SHORT);
        }
        if let Some(kbli) = &self.kbli {
            let right = kbli.len() == 5 && kbli.chars().all(|c| c.is_ascii_digit());
            checks.require(right, "/kbli", "format", "must have five digits");
        }
        checks.date("/decree_date", self.decree_date);
        checks.position("", self.latitude, self.longitude);
        for (pointer, number) in [
            ("/households_in_village", self.households_in_village),
            ("/households_in_business", self.households_in_business),
            ("/businesses", self.businesses),
            ("/members", self.members),
            ("/administrators", self.administrators),
        ] {
            checks.between(pointer, number, 0, 10_000_000);
        }
        let fits = self.households_in_business <= self.households_in_village;
        checks.require(
            fits,
            "/households_in_business",
            "order",
            "must not exceed households_in_village",
        );
        checks.done()
    }

    /// Whether the decree is of a day that has come, or comes tomorrow, where the centre is.
    fn check_dates(&self, cx: &Context) -> Result<(), Error> {
        let today = cx.now.date_in(Zone::of(&self.region_code));
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        match self.decree_date {
            Some(date) if date > tomorrow => {
                Err(Error::invalid("/decree_date", "future", "must not lie beyond tomorrow"))
            }
            _ => Ok(()),
        }
    }

    /// What is kept, as it would be taken in.
    fn of(row: &Centre) -> CentreDraft {
        let row = row.clone();
        CentreDraft {
            region_code: row.region_code,
            name: row.name,
            commodity: row.commodity,
            kbli: row.kbli,
            village: row.village,
            district: row.district,
            latitude: row.latitude,
            longitude: row.longitude,
            decree_number: row.decree_number,
            decree_date: row.decree_date,
            households_in_village: row.households_in_village,
            households_in_business: row.households_in_business,
            organised: row.organised,
            known_to_public: row.known_to_public,
            businesses: row.businesses,
            members: row.members,
            administrators: row.administrators,
            manager: row.manager,
            technical_service_unit: row.technical_service_unit,
            outcome_class: row.outcome_class,
        }
    }

    fn row(&self, cx: &Context, id: CentreId, before: Option<&Centre>) -> Result<Centre, Error> {
        let draft = self.clone();
        Ok(Centre {
            id,
            provisional: draft
                .decree_number
                .as_deref()
                .is_none_or(|number| number.trim().is_empty()),
            region_code: draft.region_code,
            name: draft.name,
            commodity: draft.commodity,
            kbli: draft.kbli,
            village: draft.village,
            district: draft.district,
            latitude: draft.latitude,
            longitude: draft.longitude,
            decree_number: draft.decree_number,
            decree_date: draft.decree_date,
            households_in_village: draft.households_in_village,
            households_in_business: draft.households_in_business,
            organised: draft.organised,
            known_to_public: draft.known_to_public,
            businesses: draft.businesses,
            members: draft.members,
            administrators: draft.administrators,
            manager: draft.manager,
            technical_service_unit: draft.technical_service_unit,
            outcome_class: draft.outcome_class,
            version: before.map_or(1, |before| before.version + 1),
            created_at: before.map_or(cx.now, |before| before.created_at),
            created_by: match before {
                Some(before) => before.created_by,
                None => cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
            },
        })
    }
}

/// A change of a centre: what is absent stays, `null` clears what need not be there. The fields are those of `CentreDraft`; a centre stays in
/// its region.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is documented in CentreDraft")]
pub struct CentrePatch {
    #[serde(deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub name: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub commodity: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub kbli: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub village: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub district: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub latitude: Option<Option<f64>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub longitude: Option<Option<f64>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub decree_number: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    pub decree_date: Option<Option<NaiveDate>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = i64, required = false)]
    pub households_in_village: Option<i64>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = i64, required = false)]
    pub households_in_business: Option<i64>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = bool, required = false)]
    pub organised: Option<bool>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = bool, required = false)]
    pub known_to_public: Option<bool>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = i64, required = false)]
    pub businesses: Option<i64>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = i64, required = false)]
    pub members: Option<i64>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = i64, required = false)]
    pub administrators: Option<i64>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub manager: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub technical_service_unit: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = OutcomeClass, required = false)]
    pub outcome_class: Option<OutcomeClass>,
}

impl CentrePatch {
    /// The draft with the changes.
    fn onto(&self, mut draft: CentreDraft) -> CentreDraft {
        macro_rules! set {
            ($($field:ident)+) => {
                $( if let Some(value) = &self.$field { draft.$field = value.clone(); } )+
            };
        }
        set!(name commodity kbli village district latitude longitude decree_number decree_date);
        set!(households_in_village households_in_business organised known_to_public businesses);
        set!(members administrators manager technical_service_unit outcome_class);
        draft
    }
}

/// Regions in the order of their codes; public reference data.
pub fn regions(
    sv: &Services,
    province: Option<&RegionCode>,
    after: Option<&RegionCode>,
    limit: i64,
) -> Result<Page<view::Region>, Error> {
    sv.db.read(|tx| {
        let after = after.map(|code| code.0.as_str());
        let rows = region::list(tx, province, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.code.to_string(), view::Region::from))
    })
}

/// One region.
pub fn region(sv: &Services, code: &RegionCode) -> Result<view::Region, Error> {
    sv.db.read(|tx| Ok(region::find(tx, code)?.ok_or(Error::NotFound)?.into()))
}

/// Centres in the order of their entry; the registry is open to everyone who is signed in.
pub fn list(
    sv: &Services,
    region: Option<&RegionCode>,
    after: Option<CentreId>,
    limit: i64,
) -> Result<Page<view::Centre>, Error> {
    sv.db.read(|tx| {
        let rows = centre::list(tx, region, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::Centre::from))
    })
}

/// One centre.
pub fn show(sv: &Services, id: CentreId) -> Result<view::Centre, Error> {
    sv.db.read(|tx| Ok(centre::find(tx, id)?.ok_or(Error::NotFound)?.into()))
}

fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    action: &str,
    by: By,
    before: Option<&Centre>,
    after: &Centre,
) -> Result<(), Error> {
    let event = EventId::new();
    let subject = Subject::within(SubjectKind::Centre, after.id, &after.region_code);
    let content = json!({ "before": before, "after": after });
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Centre, after.id, after.version, after)
}

/// Whether the region has no other centre of the same name in the same village: what one of two entries got would be
/// unknown of the other.
fn need_single(tx: &mut AnyConnection, row: &Centre) -> Result<(), Error> {
    region::lock(tx, &row.region_code)?;
    let key = |centre: &Centre| (number_key(&centre.name), number_key(&centre.village));
    let others = centre::list(tx, Some(&row.region_code), None, i64::MAX)?;
    let twin = others.into_iter().find(|other| other.id != row.id && key(other) == key(row));
    let Some(twin) = twin else { return Ok(()) };
    let message = format!(
        "The registry has {} in {} already: centre {}; name that one, or tell this one apart by its name.",
        twin.name, twin.village, twin.id
    );
    Err(Error::refused("exists_already", "/name", message))
}

/// Enters a centre; a drafter in the own region.
pub fn create(sv: &Services, cx: &Context, body: &Input<CentreDraft>) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("centre.create"),
        |_| Ok((Subject::of(SubjectKind::Collection, "centres"), ())),
        |tx, _, ()| {
            if !cx.actor.grants.iter().any(|grant| grant.role == Role::Drafter) {
                return Err(missing(&[Role::Drafter]));
            }
            let draft = body.get()?;
            let by = By::from(cx.need_in(Role::Drafter, &draft.region_code)?);
            draft.check_dates(cx)?;
            let row = draft.row(cx, CentreId::new(), None)?;
            need_single(tx, &row)?;
            centre::insert(tx, &row)?;
            record(tx, cx, "centre.create", by, None, &row)?;
            let (version, location) = (row.version, format!("/api/v1/centres/{}", row.id));
            Reply::created(&view::Centre::from(row), Some(version), location)
        },
    )
}

/// Changes a centre, such as to match a provisional entry with its decree.
pub fn edit(
    sv: &Services,
    cx: &Context,
    id: CentreId,
    body: &Input<CentrePatch>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::editing("centre.edit"),
        |tx| {
            let row = centre::find(tx, id)?.ok_or(Error::NotFound)?;
            Ok((Subject::within(SubjectKind::Centre, id, &row.region_code), row))
        },
        |tx, _, before| {
            let by = By::from(cx.need_in(Role::Drafter, &before.region_code)?);
            if cx.if_match != Some(before.version) {
                return Err(Error::Stale);
            }
            let kept = CentreDraft::of(&before);
            let draft = body.get()?.onto(kept.clone());
            if draft == kept {
                let version = before.version;
                return Reply::ok(&view::Centre::from(before), Some(version));
            }
            draft.check().map_err(Error::Invalid)?;
            draft.check_dates(cx)?;
            let after = draft.row(cx, id, Some(&before))?;
            need_single(tx, &after)?;
            if centre::replace(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            record(tx, cx, "centre.edit", by, Some(&before), &after)?;
            let version = after.version;
            Reply::ok(&view::Centre::from(after), Some(version))
        },
    )
}
