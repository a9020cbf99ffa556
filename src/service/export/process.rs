//! A contract as a contracting process of a project: its value as signed, each amendment as a modification, each payment
//! order as a transaction.

use crate::domain::contract::ContractRole;
use crate::domain::ids::ProposalId;
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::proposal::State;
use crate::service::export::Publisher;
use crate::service::export::page::Page;
use crate::service::export::parties::{Parties, Party};
use crate::service::export::words::{day, period, value, zone};
use crate::storage::amendment::Amendment;
use crate::storage::contract::Contract;
use crate::storage::proposal::Proposal;
use serde_json::{Value, json};

impl Page {
    /// The contracting processes of a project.
    pub(super) fn processes(
        &self,
        row: &Proposal,
        parties: &Parties,
        publisher: &Publisher,
    ) -> Vec<Value> {
        let contracts = self.contracts.of(row.id);
        contracts.iter().map(|one| self.process(row, one, parties, publisher)).collect()
    }

    fn process(
        &self,
        row: &Proposal,
        contract: &Contract,
        parties: &Parties,
        publisher: &Publisher,
    ) -> Value {
        let (region, vendor, zone) = (&parties.region, parties.vendor(contract), zone(row));
        let changes: Vec<&Amendment> = self
            .amendments
            .of(row.id)
            .iter()
            .filter(|one| one.contract_id == contract.id)
            .collect();
        let as_it_is = (contract.value_idr, contract.ends_on);
        let (signed, ends) = self.signed.get(&contract.id).copied().unwrap_or(as_it_is);
        let is_over =
            row.state.is_end() || matches!(row.state, State::Reporting | State::Operating);
        json!({
            "id": format!("{}-{}", publisher.prefix, contract.id),
            "summary": {
                "externalReference": contract.number,
                "nature": nature(contract.role),
                "title": format!("{} {}", title(contract.role), contract.number),
                "description": self.description(row.id, contract),
                "status": if is_over { "closed" } else { "active" },
                "tender": { "procuringEntity": region.reference() },
                "suppliers": [vendor.reference()],
                "contractValue": value(signed),
                "contractPeriod": period(zone, contract.starts_on, ends),
                // Until the end, money can be spent, and come back.
                "finalValue": row.state.is_end().then(|| value(contract.spent_idr)),
                "modifications": self.modifications(zone, contract, &changes),
                "transactions": self.payments_of(row, contract, (region, &vendor)),
            },
        })
    }

    /// What the lines are that it covers.
    fn description(&self, id: ProposalId, contract: &Contract) -> String {
        let covered = self.covered.get(&contract.id).map_or(&[][..], Vec::as_slice);
        let lines = self.lines.of(id).iter().filter(|line| covered.contains(&line.line_no));
        lines.map(|line| line.description.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// One modification for each of value, duration and scope that an amendment changes, as the standard has them.
    fn modifications(&self, zone: Zone, contract: &Contract, changes: &[&Amendment]) -> Vec<Value> {
        let mut all = Vec::new();
        for change in changes {
            let one = |kind: &str, words: String, more: Value| {
                let mut shown = json!({
                    "id": format!("{}-{kind}", change.id), "date": day(zone, change.signed_on), "type": kind,
                    "description": format!("Adendum {}: {words}", change.number), "rationale": change.reason,
                });
                if let (Some(fields), Value::Object(more)) = (shown.as_object_mut(), more) {
                    fields.extend(more);
                }
                shown
            };
            if change.value_before_idr != change.value_idr {
                let words = format!("from {} to {}", change.value_before_idr, change.value_idr);
                let more = json!({ "oldContractValue": value(change.value_before_idr),
                    "newContractValue": value(change.value_idr) });
                all.push(one("value", words, more));
            }
            if change.ends_before_on != change.ends_on {
                let words =
                    format!("ends on {} and not on {}", change.ends_on, change.ends_before_on);
                let more = json!({
                    "oldContractPeriod": period(zone, contract.starts_on, change.ends_before_on),
                    "newContractPeriod": period(zone, contract.starts_on, change.ends_on),
                });
                all.push(one("duration", words, more));
            }
            let mut lines: Vec<String> = Vec::new();
            for line in self.scope_changes.iter().filter(|line| line.amendment_id == change.id) {
                let does = if line.covered { "covers" } else { "no longer covers" };
                lines.push(format!("{does} line {}", line.line_no));
            }
            if !lines.is_empty() {
                all.push(one("scope", lines.join(", "), Value::Null));
            }
        }
        all
    }

    /// Payment orders, and what the vendor paid back; what was taken back is left out.
    fn payments_of(
        &self,
        row: &Proposal,
        contract: &Contract,
        (region, vendor): (&Party, &Party),
    ) -> Vec<Value> {
        let (id, zone) = (row.id, zone(row));
        let stands = |id: &String| !self.undone.contains(id);
        let shown = |id: String, source: &str, on, amount: Rupiah, payer: &Party, payee: &Party| {
            json!({ "id": id, "source": source, "date": day(zone, on), "value": value(amount),
                "payer": payer.reference(), "payee": payee.reference() })
        };
        let spent = self.expenditures.of(id).iter().filter(|one| one.contract_id == contract.id);
        let mut all: Vec<Value> = spent
            .map(|one| (one.id.to_string(), one))
            .filter(|(id, _)| stands(id))
            .map(|(id, one)| {
                shown(
                    id,
                    &format!("SP2D {}", one.number),
                    one.spent_on,
                    one.amount_idr,
                    region,
                    vendor,
                )
            })
            .collect();
        let back = self.recoveries.of(id).iter().filter(|one| one.contract_id == contract.id);
        all.extend(back.map(|one| (one.id.to_string(), one)).filter(|(id, _)| stands(id)).map(
            |(id, one)| shown(id, &one.number, one.received_on, one.amount_idr, vendor, region),
        ));
        all
    }
}

/// What a contract is for, in the standard's words; machines and goods have none.
const fn nature(role: ContractRole) -> &'static [&'static str] {
    match role {
        ContractRole::Works | ContractRole::SelfManaged => &["construction"],
        ContractRole::Design => &["design"],
        ContractRole::Supervision => &["supervision"],
        ContractRole::Goods => &[],
    }
}

const fn title(role: ContractRole) -> &'static str {
    match role {
        ContractRole::Works => "Pekerjaan konstruksi",
        ContractRole::Goods => "Pengadaan barang",
        ContractRole::Design => "Perencanaan",
        ContractRole::Supervision => "Pengawasan",
        ContractRole::SelfManaged => "Swakelola",
    }
}
