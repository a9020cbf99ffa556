//! Reports on progress.

text_enum! {
    /// What a report is for.
    pub enum ReportKind {
        /// At the end of a quarter.
        Quarterly = "quarterly",
        /// In between, with a request.
        Progress = "progress",
        /// At the end.
        Final = "final",
    }
}

text_enum! {
    /// Where a report stands.
    pub enum ReportState {
        /// Being written.
        Draft = "draft",
        /// With the inspector; its figures are frozen.
        Submitted = "submitted",
        /// Reviewed.
        Reviewed = "reviewed",
        /// Sent back.
        Returned = "returned",
    }
}
