//! Who publishes projects as open data.

use crate::app::Publishing;
use crate::service::export::{Publisher, UNREGISTERED};
use clap::Args;

/// Who publishes projects.
#[derive(Debug, Clone, Args)]
pub struct PublishingArgs {
    /// The organisation that publishes projects (OC4IDS).
    #[arg(long, env = "SENTRA_PUBLISHER", default_value = "Sentra")]
    pub publisher: String,
    /// What project identifiers begin with: oc4ids- and the six letters or digits that the publisher registered with the
    /// Open Contracting Partnership.
    #[arg(long, env = "SENTRA_OC4IDS_PREFIX", default_value = UNREGISTERED, value_parser = prefix)]
    pub oc4ids_prefix: String,
    /// The licence of published data, as a URL.
    #[arg(long, env = "SENTRA_DATA_LICENCE", value_parser = licence)]
    pub data_licence: Option<String>,
}

fn prefix(text: &str) -> Result<String, String> {
    if Publisher::is_prefix(text) {
        return Ok(text.to_owned());
    }
    Err("must be oc4ids- and six letters or digits, such as oc4ids-bu3kcz".to_owned())
}

fn licence(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|error| format!("must be a URL: {error}"))?;
    Ok(url.to_string())
}

impl PublishingArgs {
    /// The same as the service knows it.
    pub fn publishing(&self) -> Publishing {
        Publishing {
            name: self.publisher.clone(),
            prefix: self.oc4ids_prefix.clone(),
            licence: self.data_licence.clone(),
        }
    }
}
