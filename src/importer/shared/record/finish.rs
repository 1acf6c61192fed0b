//! The end of a record in the making.

use std::ops::Range;

use super::Record;
use crate::importer::{Finding, Imported, ImportedEntity, Reason, SourceDocument};
use crate::model::{Draft, RecordId};

impl Record<'_> {
    /// Ends the record: adds it, its source document and its findings to what was imported. A record whose id or
    /// collection cannot be one is refused.
    pub fn finish(mut self, bytes: &[u8], range: Range<usize>, media_type: &'static str, imported: &mut Imported) {
        let (place, id) = (self.place, self.id.clone());
        let finding = |reason| Finding { place, id: Some(id.clone()), reason };
        imported.findings.extend(std::mem::take(&mut self.findings).into_iter().map(finding));
        if let Some(reason) = self.refusal() {
            return imported.findings.push(finding(reason));
        }
        let source = bytes.get(range.clone()).unwrap_or_default();
        let sha256 = (self.context.digest)(source);
        let mut document = Draft::object();
        document.string("media_type", media_type);
        document.string("sha256", &sha256.to_string());
        let record = self.written_out(document);
        let source = Some(SourceDocument { range, media_type, sha256 });
        imported.entities.push(ImportedEntity { place, record, source });
    }

    fn refusal(&self) -> Option<Reason> {
        if let Err(error) = RecordId::parse(&self.id) {
            return Some(Reason::BadId(error));
        }
        let collection = self.collection.as_deref().map(RecordId::parse);
        collection.and_then(Result::err).map(Reason::BadCollection)
    }

    fn written_out(self, source: Draft) -> String {
        let mut draft = self.draft;
        let [missions, platforms, instruments, targets] = self.names.map(|labels| labels.draft());
        let parts = [
            ("identifiers", self.identifiers),
            ("aliases", self.aliases),
            ("keywords", self.keywords),
            ("missions", missions),
            ("platforms", platforms),
            ("instruments", instruments),
            ("targets", targets),
            ("lifecycle", self.lifecycle),
            ("space", self.space),
            ("files", self.files.finish()),
            ("links", self.links),
            ("properties", properties(&self.properties)),
            ("source", source),
        ];
        for (member, part) in parts {
            draft.part(member, part);
        }
        draft.finish()
    }
}

fn properties(properties: &[(String, Vec<String>)]) -> Draft {
    let mut object = Draft::object();
    for (name, values) in properties {
        match values.as_slice() {
            [value] => object.raw(name, value),
            values => object.raw(name, &format!("[{}]", values.join(","))),
        }
    }
    object
}
