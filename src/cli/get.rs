//! `perennial get`: one record or one file, straight from the archive.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use super::{Context, Failure};
use crate::catalogue::offline::Offline;
use crate::model::{Key, Kind, RecordId};

/// Print a record as it is stored, or a file of a product.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial get insight-radiometer                      a collection
  perennial get insight-radiometer PRODUCT              a product
  perennial get insight-radiometer PRODUCT --file x.csv > x.csv")]
pub struct Get {
    /// Collection of the product, or the collection itself.
    collection: String,
    /// Id of the product.
    id: Option<String>,
    /// Write this file of the product to standard output.
    #[arg(long, value_name = "NAME", requires = "id")]
    file: Option<String>,
    /// Read a record of another kind: the first argument is then its id.
    #[arg(long, value_name = "KIND", conflicts_with_all = ["id", "file"])]
    kind: Option<String>,
}

impl Get {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let id = |text: &str| RecordId::parse(text).map_err(|error| Failure::usage(format!("{text:?}: {error}")));
        let key = match (&self.kind, &self.id) {
            (Some(kind), _) => {
                let kind = Kind::from_name(kind).ok_or_else(|| Failure::usage(format!("{kind:?} is no kind")))?;
                Key { kind, collection: None, id: id(&self.collection)? }
            }
            (None, Some(product)) => Key::product(id(&self.collection)?, id(product)?),
            (None, None) => Key::collection(id(&self.collection)?),
        };
        let offline = Offline::open(&context.store)?;
        let mut out = std::io::stdout().lock();
        match &self.file {
            None => {
                out.write_all(&offline.record(&key)?)?;
                out.write_all(b"\n")?;
            }
            Some(name) => {
                for piece in offline.file(&key, name)?.read() {
                    out.write_all(&piece?)?;
                }
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
