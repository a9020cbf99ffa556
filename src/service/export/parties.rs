//! The parties of a project: the region, the two ministries, whoever holds a contract.

use crate::service::export::page::Page;
use crate::service::trail::hex;
use crate::storage::contract::Contract;
use crate::storage::proposal::Proposal;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An organisation that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Known by this within the project.
    id: Cow<'static, str>,
    /// Its name.
    name: Cow<'static, str>,
    /// The register that it is known in, and its number there.
    identifier: Option<(&'static str, String)>,
    /// What it does.
    roles: &'static [&'static str],
}

/// Where the money comes from.
pub static TREASURY: Party = Party {
    id: Cow::Borrowed("ID-KL-015"),
    name: Cow::Borrowed("Kementerian Keuangan"),
    identifier: None,
    roles: &["funder", "payer", "payee"],
};

/// Who decides on proposals.
static MINISTRY: Party = Party {
    id: Cow::Borrowed("ID-KL-019"),
    name: Cow::Borrowed("Kementerian Perindustrian"),
    identifier: None,
    roles: &["approver"],
};

/// Hexadecimal digits of a hash that stand for a name.
const HASH: usize = 16;
/// What the region that proposes does.
const OF_REGION: &[&str] = &["publicAuthority", "procuringEntity", "buyer", "payer", "payee"];
/// What a vendor does.
const OF_VENDOR: &[&str] = &["supplier", "payee", "payer"];

impl Party {
    /// How it is referred to.
    pub fn reference(&self) -> Value {
        json!({ "id": self.id, "name": self.name })
    }

    /// How it is introduced.
    pub fn shown(&self) -> Value {
        let identifier = self
            .identifier
            .as_ref()
            .map(|(scheme, id)| json!({ "scheme": scheme, "id": id, "legalName": self.name }));
        json!({ "id": self.id, "name": self.name, "identifier": identifier, "roles": self.roles,
            "address": { "countryName": "Indonesia" } })
    }
}

/// The region that proposes.
fn region(page: &Page, row: &Proposal) -> Party {
    let code = row.region_code.to_string();
    let name = page.names.get(&row.region_code).cloned().unwrap_or_else(|| code.clone());
    Party {
        id: Cow::Owned(format!("ID-KEMENDAGRI-{code}")),
        name: Cow::Owned(format!("Pemerintah {name}")),
        identifier: Some(("ID-KEMENDAGRI", code)),
        roles: OF_REGION,
    }
}

/// Who holds a contract: known by the digits of its tax number (NPWP), else by the letters and digits of its name; a name
/// that has none, by its hash.
fn vendor(contract: &Contract) -> Party {
    let digits: String = contract
        .vendor_tax_number
        .iter()
        .flat_map(|number| number.chars())
        .filter(char::is_ascii_digit)
        .collect();
    let letters: String = contract
        .vendor_name
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let (id, identifier) = match (digits.is_empty(), letters.is_empty()) {
        (true, true) => {
            let hash = hex(&Sha256::digest(contract.vendor_name.trim()));
            (format!("vendor-{}", hash.get(..HASH).unwrap_or(&hash)), None)
        }
        (true, false) => (format!("vendor-{letters}"), None),
        (false, _) => (format!("ID-NPWP-{digits}"), Some(("ID-NPWP", digits))),
    };
    let name = Cow::Owned(contract.vendor_name.clone());
    Party { id: Cow::Owned(id), name, identifier, roles: OF_VENDOR }
}

/// Everybody who takes part in a project, each once.
pub struct Parties {
    /// The region that proposes.
    pub region: Party,
    vendors: BTreeMap<String, Party>,
}

impl Parties {
    /// Those of a project. One tax number stands for one firm, under the name of its first contract.
    pub fn of(page: &Page, row: &Proposal) -> Parties {
        let mut vendors: BTreeMap<String, Party> = BTreeMap::new();
        for contract in page.contracts.of(row.id) {
            let party = vendor(contract);
            vendors.entry(party.id.to_string()).or_insert(party);
        }
        Parties { region: region(page, row), vendors }
    }

    /// Who holds a contract, as they are introduced: the standard wants the name that stands there.
    pub fn vendor(&self, contract: &Contract) -> Party {
        let party = vendor(contract);
        self.vendors.get(party.id.as_ref()).cloned().unwrap_or(party)
    }

    /// How they are introduced.
    pub fn shown(&self) -> Vec<Value> {
        let all = [&self.region, &TREASURY, &MINISTRY].into_iter().chain(self.vendors.values());
        all.map(Party::shown).collect()
    }
}
