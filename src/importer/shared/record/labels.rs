//! One list of names: each thing once, however often and in however many spellings a document names it.

use super::same_label;
use crate::importer::shared::names::Concept;
use crate::model::Draft;

/// Labels in their order.
#[derive(Debug, Default)]
pub struct Labels(Vec<Label>);

#[derive(Debug)]
struct Label {
    label: String,
    as_written: Option<String>,
    iri: Option<String>,
}

impl Labels {
    /// Adds a name as written and what the tables know of it.
    pub fn push(&mut self, written: &str, concept: Option<&Concept>) {
        let label = concept.map_or(written, |concept| concept.label.as_str());
        if self.0.iter().any(|known| same_label(&known.label, label)) {
            return;
        }
        self.0.push(Label {
            label: label.to_owned(),
            as_written: (label != written).then(|| written.to_owned()),
            iri: concept.map(|concept| concept.iri.clone()),
        });
    }

    /// The array, empty for no names.
    pub fn draft(&self) -> Draft {
        let mut list = Draft::array();
        for label in &self.0 {
            let mut name = Draft::object();
            name.string("label", &label.label);
            name.optional("as_written", label.as_written.as_deref());
            name.optional("iri", label.iri.as_deref());
            list.element(&name.finish());
        }
        list
    }
}
