//! Regions: the provinces and the kabupaten and kota, by their Kemendagri codes.

use crate::domain::ids::RegionCode;

text_enum! {
    /// What kind of government a region is.
    pub enum RegionLevel {
        /// A province.
        Provinsi = "provinsi",
        /// A regency.
        Kabupaten = "kabupaten",
        /// A city.
        Kota = "kota",
    }
}

/// The administrative areas of DKI Jakarta, which have no budget of their own (UU 29/2007).
const NOT_AUTONOMOUS: [&str; 6] = ["31.01", "31.71", "31.72", "31.73", "31.74", "31.75"];

/// Whether the region has a government that can receive an allocation.
pub fn is_autonomous(code: &RegionCode) -> bool {
    !NOT_AUTONOMOUS.contains(&code.0.as_str())
}
