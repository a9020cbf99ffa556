//! Budget lines (RAB).

use crate::domain::money::Rupiah;

text_enum! {
    /// What a line pays for.
    pub enum Component {
        /// Rumah produksi.
        ProductionHouse = "production_house",
        /// Kantor UPT.
        UptOffice = "upt_office",
        /// Kantor pengelola.
        ManagementOffice = "management_office",
        /// Rumah kemasan.
        PackagingHouse = "packaging_house",
        /// Pusat promosi.
        PromotionCentre = "promotion_centre",
        /// Gudang bahan baku.
        RawMaterialStore = "raw_material_store",
        /// Mesin dan peralatan.
        MachineryEquipment = "machinery_equipment",
        /// IPAL.
        WastewaterTreatment = "wastewater_treatment",
        /// IPAB.
        CleanWater = "clean_water",
        /// Sarana dan prasarana lain.
        Infrastructure = "infrastructure",
        /// Kegiatan penunjang: design, supervision, travel; capped by the policy (Perpres 123/2016 Art. 7).
        Supporting = "supporting",
    }
}

impl Component {
    /// What officials call it.
    pub const fn label_id(self) -> &'static str {
        match self {
            Component::ProductionHouse => "Rumah produksi",
            Component::UptOffice => "Kantor UPT",
            Component::ManagementOffice => "Kantor pengelola",
            Component::PackagingHouse => "Rumah kemasan",
            Component::PromotionCentre => "Pusat promosi",
            Component::RawMaterialStore => "Gudang bahan baku",
            Component::MachineryEquipment => "Mesin dan peralatan",
            Component::WastewaterTreatment => "IPAL",
            Component::CleanWater => "IPAB",
            Component::Infrastructure => "Sarana dan prasarana lain",
            Component::Supporting => "Kegiatan penunjang",
        }
    }
}

text_enum! {
    /// Where the money of a line comes from.
    pub enum FundSource {
        /// The physical DAK.
        Dak = "DAK",
        /// The region's own budget.
        Apbd = "APBD",
        /// The state budget.
        Apbn = "APBN",
        /// The non-physical DAK.
        NonPhysicalDak = "non_physical_DAK",
    }
}

/// What the rules look at in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFacts {
    /// Its number, from 1.
    pub line_no: i64,
    /// What it pays for.
    pub component: Component,
    /// Where its money comes from.
    pub fund_source: FundSource,
    /// Which gap of the centre it answers.
    pub gap: Option<String>,
    /// As proposed.
    pub amount: Rupiah,
    /// The code of the verifier's flag.
    pub flag: Option<String>,
    /// What the verifier says with it.
    pub flag_words: Option<String>,
    /// As assessed by the ministry's reviewers.
    pub assessed: Option<Rupiah>,
    /// As agreed in harmonisation.
    pub agreed: Option<Rupiah>,
    /// As approved.
    pub approved: Option<Rupiah>,
    /// Why less than proposed was approved.
    pub approved_reason: Option<String>,
}

impl LineFacts {
    /// Whether the line asks for money of the physical DAK; other sources are named for completeness only.
    pub fn is_asked(&self) -> bool {
        self.fund_source == FundSource::Dak
    }
}

/// What the lines ask of the DAK in all, and of it for supporting activities.
pub fn totals<'a>(
    lines: impl IntoIterator<Item = &'a LineFacts>,
    amount: impl Fn(&LineFacts) -> Option<Rupiah>,
) -> (Rupiah, Rupiah) {
    let mut total = Rupiah::ZERO;
    let mut supporting = Rupiah::ZERO;
    for line in lines.into_iter().filter(|line| line.is_asked()) {
        let part = amount(line).unwrap_or_default();
        total = Rupiah::total([total, part]);
        if line.component == Component::Supporting {
            supporting = Rupiah::total([supporting, part]);
        }
    }
    (total, supporting)
}
