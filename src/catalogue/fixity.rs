//! A delivered list of checksums becomes a record of evidence: which files are what was promised, which differ, and
//! which are not there.

use std::path::Path;

use super::command::{Action, Command, Intent, Precondition};
use super::delivery::{self, Delivery, Fixity, Found};
use super::{Catalogue, Error};
use crate::codec;
use crate::model::Draft;

impl Catalogue {
    /// The evidence of a list, or nothing when the file is none.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn fixity_report(
        &self,
        path: &Path,
        bytes: &[u8],
        delivery: &Delivery,
        agent: &str,
    ) -> Result<Option<Command>, Error> {
        let entries = delivery.list(path);
        if entries.is_empty() {
            return Ok(None);
        }
        let base = delivery.base_of(path, &entries);
        let mut outcomes =
            [Fixity::Ok, Fixity::LineEndings, Fixity::Differs, Fixity::Absent].map(|fixity| (fixity, Vec::new()));
        for (name, promise) in entries {
            let outcome = match delivery.find(&base, &name) {
                Found::Exactly(file) | Found::Nearly(file) => {
                    delivery::check(&file, promise).map_err(Error::internal("reading a delivered file"))?
                }
                Found::Nothing | Found::Outside => Fixity::Absent,
            };
            if let Some((_, names)) = outcomes.iter_mut().find(|(fixity, _)| *fixity == outcome) {
                names.push(name.replace('\\', "/"));
            }
        }
        let place = delivery.relative(path);
        let record = self.check(&report(&place, bytes, &outcomes))?;
        let payloads = vec![self.stage_bytes(bytes)?];
        let action = Action::Put { record: record.text, intent: Intent::Import, payloads };
        let (key, agent) = (record.key, agent.to_owned());
        Ok(Some(Command { key, action, precondition: Precondition::None, idempotency: None, agent }))
    }
}

fn report(place: &str, bytes: &[u8], outcomes: &[(Fixity, Vec<String>)]) -> String {
    let mut record = Draft::new("evidence", &format!("fixity:{place}"));
    record.string("title", &format!("Fixity of the files listed in {place}"));
    record.string("data_type", "fixity report");
    let mut properties = Draft::object();
    for (fixity, names) in outcomes {
        properties.raw(&format!("fixity:{}", fixity.as_str()), &names.len().to_string());
        let mut list = Draft::array();
        names.iter().for_each(|name| list.string_element(name));
        properties.part(&format!("fixity:files_{}", fixity.as_str()), list);
    }
    record.part("properties", properties);
    let mut source = Draft::object();
    source.string("media_type", "text/plain");
    source.string("sha256", &codec::sha256(bytes).to_string());
    record.part("source", source);
    record.finish()
}
