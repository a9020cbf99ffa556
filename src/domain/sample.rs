//! Samples of auditors: of what, and how they are drawn.

text_enum! {
    /// What a sample is drawn from. The amount of each unit is what monetary units are counted in.
    pub enum Population {
        /// Payment orders (SP2D) that were not taken back; by their amounts.
        Expenditures = "expenditures",
        /// Contracts that were not taken back; by their values.
        Contracts = "contracts",
        /// Proposals for which money was set aside; by their ceilings.
        Proposals = "proposals",
    }
}

text_enum! {
    /// How a sample is drawn.
    pub enum SampleMethod {
        /// Each unit is as likely as any other.
        Random = "random",
        /// Each rupiah is as likely as any other (monetary unit sampling, dollar unit sampling).
        MonetaryUnit = "monetary_unit",
    }
}
