//! What is sent to each operation, as an example: whole, so that it can be tried as it stands.

use crate::domain::policy::Policy;
use serde_json::{Value, json};

const ID: &str = "019376a0-0000-7000-8000-000000000001";

/// The example of a request body; none where the body's own schema has one, or where no JSON is sent.
pub fn body(method: &str, path: &str) -> Option<Value> {
    people(method, path).or_else(|| preparing(method, path)).or_else(|| money(method, path))
}

fn people(method: &str, path: &str) -> Option<Value> {
    let grant = json!({
        "role": "drafter", "region_code": "18.71", "valid_from": "2021-01-04", "valid_until": "2021-12-31",
        "decree": "SK 800/12/2021",
    });
    Some(match (method, path) {
        ("post", "/sessions") => {
            json!({ "email": "ratna@dinas.example", "password": "sawah hijau lima petak" })
        }
        ("put", "/me/password") => json!({
            "current_password": "sawah hijau lima petak", "new_password": "sungai biru tiga perahu",
        }),
        ("post", "/invitations/{code}") => json!({ "password": "sawah hijau lima petak" }),
        ("post", "/tokens") => {
            json!({ "label": "rekap bulanan", "scope": "read", "expires_at": "2027-06-30T00:00:00Z" })
        }
        ("put", "/notifications/preferences") => {
            json!({ "digest_hour": 7, "deliveries": { "progress": "daily", "task": "at_once" } })
        }
        ("post", "/outbox/resend") => json!({ "state": "dead", "address": "ratna@dinas.example" }),
        ("post", "/users") => json!({
            "email": "ratna@dinas.example", "name": "Ratna Sari", "language": "id", "grants": [grant],
        }),
        ("patch", "/users/{id}") => json!({ "name": "Ratna Sari Dewi", "disabled": false }),
        ("post", "/users/{id}/grants") => grant,
        _ => return None,
    })
}

fn preparing(method: &str, path: &str) -> Option<Value> {
    Some(match (method, path) {
        ("post", "/centres") => json!({
            "name": "Sentra Tenun Tapis", "commodity": "Kain tapis", "kbli": "13122", "region_code": "18.71",
            "district": "Kemiling", "village": "Beringin Jaya", "decree_number": "SK 560/2019", "decree_date": "2019-03-11",
            "households_in_village": 900, "households_in_business": 210, "businesses": 44, "organised": true,
            "known_to_public": true, "outcome_class": "ovop",
        }),
        ("patch", "/centres/{id}") => {
            json!({ "businesses": 47, "manager": "UPT Sentra IKM Tapis" })
        }
        ("post", "/centres/{id}/fundings") => json!({
            "fiscal_year": 2020, "fund_source": "APBD", "component": "clean_water", "description": "Sumur bor",
            "amount_idr": 85_000_000, "legal_basis": "DPA 2020",
        }),
        ("post", "/centre-fundings/{id}/withdraw" | "/waivers/{id}/revoke") => {
            json!({ "reason": "Tercatat dua kali." })
        }
        ("post", "/proposals") => json!({
            "menu": "construction", "fiscal_year": 2021, "region_code": "18.71", "title": "Sentra Batik",
            "commodity": "Batik", "outcome_class": "ovop", "site": {
                "street": "Jalan Batik", "village": "Kemiling", "district": "Kemiling", "latitude": -5.39, "longitude": 105.21,
            },
        }),
        ("patch", "/proposals/{id}") => {
            json!({ "title": "Sentra Batik Kemiling", "baseline": { "members": 15 } })
        }
        ("put", "/proposals/{id}/lines") => json!({ "lines": [{
            "component": "production_house", "description": "Gedung produksi", "builds_anew": true,
            "volume_thousandths": 500_000, "unit": "m2", "unit_cost_idr": 6_000_000, "fund_source": "DAK",
        }] }),
        ("put", "/proposals/{id}/line-reviews") => json!({ "reviews": [{
            "line_no": 1, "volume_thousandths": 480_000, "amount_idr": 2_880_000_000_i64,
            "reason": "Luas disesuaikan dengan lahan.",
        }] }),
        ("post", "/proposals/{id}/change-requests") => json!({ "items": [
            { "pointer": "/lines/2/unit_cost_idr", "comment": "Harga satuan melebihi standar; mohon dasar perhitungannya." },
        ] }),
        ("post", "/change-requests/{id}/answer") => {
            json!({ "answer": "Harga disesuaikan dengan SSH 2021." })
        }
        ("post", "/change-requests/{id}/accept") => json!({ "comment": "Sesuai." }),
        ("post", "/change-requests/{id}/refuse") => {
            json!({ "comment": "Dasar perhitungan belum dilampirkan." })
        }
        ("post", "/conditions/{id}/lift") => {
            json!({ "evidence": "Sertifikat tanah terbit.", "document_id": ID })
        }
        ("post", "/proposals/{id}/assignments") => json!({ "user_id": ID }),
        ("post", "/proposals/{id}/conflicts") => {
            json!({ "reason": "Saudara kandung memimpin dinas pengusul." })
        }
        ("post", "/proposals/{id}/funding-answers") => json!({
            "warning": "proposal:019376a0-0000-7000-8000-000000000001:production_house", "answer": "Bangunan lain pada lahan yang sama.",
        }),
        ("post", "/proposals/{id}/waivers") => json!({
            "document_type": "environmental_document", "reason": "SPPL diterbitkan dinas lingkungan bulan depan.",
        }),
        ("post", "/decrees") => json!({
            "fiscal_year": 2021, "number": "KMK 16/KM.7/2021", "dated_on": "2021-07-19", "reason": "Banjir.",
            "regions": ["18.71"], "changes": [{ "path": "/contract_gate/date", "value": "2021-08-31" }],
        }),
        ("put", "/policies/{fiscal_year}") => {
            serde_json::to_value(Policy::parse(include_str!("../../../policies/2021.toml")).ok()?)
                .ok()?
        }
        _ => return None,
    })
}

fn money(method: &str, path: &str) -> Option<Value> {
    let contract = json!({
        "number": "027/12/SPK/2021", "signed_on": "2021-06-14", "role": "works", "vendor_name": "CV Karya Tapis",
        "vendor_tax_number": "01.234.567.8-321.000", "value_idr": 4_200_000_000_i64, "fund_source": "DAK", "lines": [1],
        "starts_on": "2021-06-21", "ends_on": "2021-12-10",
    });
    let expenditure = json!({
        "contract_id": ID, "number": "SP2D/00123/2021", "spent_on": "2021-08-02", "amount_idr": 840_000_000,
        "description": "Uang muka 20 %", "is_advance": true,
    });
    Some(match (method, path) {
        ("post", "/ceilings") => {
            json!({ "fiscal_year": 2021, "amount_idr": 750_000_000_000_i64, "legal_basis": "UU APBN 2021" })
        }
        ("post", "/allocations") => json!({
            "fiscal_year": 2021, "region_code": "18.71", "amount_idr": 5_300_000_000_i64, "legal_basis": "Perpres 113/2020",
        }),
        ("put", "/proposals/{id}/ceiling") => {
            json!({ "amount_idr": 5_000_000_000_i64, "legal_basis": "PMK 17/2021" })
        }
        ("post", "/plans/{id}/approve") => {
            json!({ "comment": "Sesuai pagu.", "conditions": ["DED disahkan sebelum kontrak."] })
        }
        (
            "post",
            "/plans/{id}/return" | "/reports/{id}/return" | "/tranche-requests/{id}/refuse",
        ) => {
            json!({ "comment": "Foto 50 % belum dilampirkan." })
        }
        ("post", "/allocations/{id}/tranche-requests") => json!({
            "n": 1, "items": [{ "proposal_id": ID, "amount_idr": 1_325_000_000_i64 }],
        }),
        ("post", "/tranche-requests/{id}/pay") => {
            json!({ "payment_number": "SP2D-TKD/0456/2021", "paid_on": "2021-07-15" })
        }
        ("post", "/proposals/{id}/contracts") => contract,
        ("post", "/proposals/{id}/contracts/import") => json!({ "contracts": [contract] }),
        ("post", "/contracts/{id}/amendments") => json!({
            "number": "ADD/1/2021", "signed_on": "2021-09-01", "value_idr": 4_150_000_000_i64, "reason": "CCO.",
        }),
        ("post", "/proposals/{id}/expenditures") => expenditure,
        ("post", "/proposals/{id}/expenditures/import") => json!({ "expenditures": [expenditure] }),
        ("post", "/proposals/{id}/recoveries") => json!({
            "contract_id": ID, "number": "STS/7/2022", "received_on": "2022-02-01", "amount_idr": 61_550_000,
            "reason": "Kekurangan volume.",
        }),
        ("post", "/proposals/{id}/returns") => json!({
            "number": "STS/9/2022", "returned_on": "2022-02-15", "amount_idr": 61_550_000, "reason": "Sisa dana.",
        }),
        ("post", "/proposals/{id}/carries") => json!({
            "to_proposal_id": ID, "carried_on": "2022-03-01", "amount_idr": 61_550_000, "legal_basis": "Perkada 7/2022",
            "reason": "Menambah mesin.",
        }),
        ("post", "/proposals/{id}/reports") => json!({
            "kind": "quarterly", "as_of": "2021-09-30", "physical_bp": 5_000, "output": "Lantai satu selesai.",
            "workforce": 40,
        }),
        ("post", "/journal/{id}/reverse") => {
            json!({ "reason": "Nomor SP2D salah ketik.", "effective_on": "2021-08-03" })
        }
        _ if is_bare(method, path) => json!({}),
        _ => return None,
    })
}

/// Operations whose body says nothing.
fn is_bare(method: &str, path: &str) -> bool {
    method == "post"
        && matches!(
            path,
            "/assignments/{id}/end"
                | "/outbox/{id}/resend"
                | "/plans/{id}/submit"
                | "/reports/{id}/submit"
                | "/reports/{id}/review"
                | "/tranche-requests/{id}/review"
                | "/tranche-requests/{id}/verify"
                | "/users/{id}/invitations"
        )
}
