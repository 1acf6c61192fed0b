//! Canonical labels and IRIs of missions, platforms, instruments, targets and levels, from SKOS tables under
//! `ontologies/` and those an archivist adds.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::rdf::{self, Syntax, Term, Triple};

/// Where our concepts and their schemes have their addresses.
pub(super) const BASE: &str = "https://w3id.org/perennial/";
pub(super) const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";

/// The tables that this binary brings.
pub(super) const TABLES: &[&str] = &[
    include_str!("../../../ontologies/missions.ttl"),
    include_str!("../../../ontologies/platforms.ttl"),
    include_str!("../../../ontologies/instruments.ttl"),
    include_str!("../../../ontologies/targets.ttl"),
    include_str!("../../../ontologies/levels.ttl"),
];

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Mission,
    Platform,
    Instrument,
    Target,
    Level,
}

impl Role {
    const ALL: [Self; 5] = [Self::Mission, Self::Platform, Self::Instrument, Self::Target, Self::Level];

    /// As it stands in addresses: `…/platform/insight`, and in the plural that of the scheme.
    const fn name(self) -> &'static str {
        match self {
            Self::Mission => "mission",
            Self::Platform => "platform",
            Self::Instrument => "instrument",
            Self::Target => "target",
            Self::Level => "level",
        }
    }

    /// The role that the address of a concept or of its scheme tells.
    fn of_address(address: &str) -> Option<Self> {
        let word = address.strip_prefix(BASE)?.split('/').next()?;
        Self::ALL.into_iter().find(|role| word == role.name() || word.strip_suffix('s') == Some(role.name()))
    }
}

/// What a spelling stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Concept {
    /// Preferred label.
    pub label: String,
    pub iri: String,
    /// A short form: of a level what is counted, of a target the name of the body in footprints.
    pub notation: Option<String>,
}

/// One of the names that a text holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Named<'n> {
    /// The role asked for, or another one that the tables know the name in.
    pub role: Role,
    pub concept: Option<&'n Concept>,
}

/// Spellings of all roles.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// By role and folded spelling.
    spellings: HashMap<(Role, String), Arc<Concept>>,
    concepts: HashMap<String, (Role, Arc<Concept>)>,
}

impl Names {
    /// The tables that this binary brings.
    pub fn bundled() -> &'static Self {
        static BUNDLED: OnceLock<Names> = OnceLock::new();
        BUNDLED.get_or_init(|| {
            let mut names = Self::default();
            for table in TABLES {
                // A table that cannot be read is found by a test.
                if let Ok(triples) = rdf::parse(Syntax::Turtle, table.as_bytes(), BASE, &[]) {
                    names.add(&triples);
                }
            }
            names
        })
    }

    /// These names and those of a SKOS table in Turtle. A concept of ours gains spellings; others need a `skos:prefLabel`
    /// and a `skos:inScheme` of ours. Where two tables use a spelling, the later one counts.
    ///
    /// # Errors
    /// `Broken` with the line, for what is no Turtle.
    pub fn with(&self, turtle: &[u8]) -> Result<Self, rdf::Broken> {
        let mut names = self.clone();
        names.add(&rdf::parse(Syntax::Turtle, turtle, BASE, &[])?);
        Ok(names)
    }

    fn add(&mut self, triples: &[Triple]) {
        let mut subjects: Vec<(&str, Vec<&Triple>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for triple in triples {
            let Term::Iri(subject) = &triple.subject else { continue };
            let place = *places.entry(subject).or_insert(subjects.len());
            if place == subjects.len() {
                subjects.push((subject, Vec::new()));
            }
            if let Some((_, statements)) = subjects.get_mut(place) {
                statements.push(triple);
            }
        }
        for (subject, statements) in subjects {
            self.add_concept(subject, &statements);
        }
    }

    fn add_concept(&mut self, iri: &str, statements: &[&Triple]) {
        let known = self.concepts.get(iri);
        let scheme = literals_and_addresses(statements, "inScheme").find_map(Role::of_address);
        let Some(role) = known.map(|(role, _)| *role).or(scheme).or_else(|| Role::of_address(iri)) else { return };
        let old = known.map(|(_, concept)| concept.as_ref().clone());
        let mut concept = old.unwrap_or_else(|| Concept { iri: iri.to_owned(), ..Concept::default() });
        if let Some(label) = literals_and_addresses(statements, "prefLabel").next() {
            label.clone_into(&mut concept.label);
        }
        if let Some(notation) = literals_and_addresses(statements, "notation").next() {
            concept.notation = Some(notation.to_owned());
        }
        if concept.label.is_empty() {
            return;
        }
        let concept = Arc::new(concept);
        let spellings = ["prefLabel", "altLabel", "hiddenLabel"];
        for spelling in spellings.iter().flat_map(|member| literals_and_addresses(statements, member)) {
            self.spellings.insert((role, fold(spelling)), concept.clone());
        }
        // Spellings from earlier tables follow a new label.
        if known_label_changed(self.concepts.get(iri), &concept) {
            let same = |(_, other): &(&(Role, String), &mut Arc<Concept>)| other.iri == concept.iri;
            self.spellings.iter_mut().filter(same).for_each(|(_, other)| *other = concept.clone());
        }
        self.concepts.insert(iri.to_owned(), (role, concept));
    }

    /// The concept of one spelling. `Terra (EOS AM-1)` and `TERRA > Earth Observing System` are Terra too.
    pub fn concept(&self, role: Role, written: &str) -> Option<&Concept> {
        let find = |text: &str| self.spellings.get(&(role, fold(text))).map(AsRef::as_ref);
        let before = |sign: &str| written.split_once(sign).map(|(before, _)| before).filter(|text| !text.is_empty());
        find(written).or_else(|| find(before(" > ")?)).or_else(|| find(before("(").filter(|_| written.ends_with(')'))?))
    }

    /// The concepts that a spelling stands for: several for `terra,aqua`, none for what no table knows.
    pub fn concepts(&self, role: Role, written: &str) -> Vec<&Concept> {
        let named = self.named(role, written);
        named.into_iter().filter(|named| named.role == role).filter_map(|named| named.concept).collect()
    }

    /// What a text names: one thing, or each part of a list or path when the tables know all of them (`terra,aqua`;
    /// `SOLO/EUI/FSI` is a platform and two instruments).
    pub fn named(&self, role: Role, written: &str) -> Vec<Named<'_>> {
        if let Some(concept) = self.concept(role, written) {
            return vec![Named { role, concept: Some(concept) }];
        }
        for signs in [&[",", ";", "|", " and ", " & ", " + "][..], &["/"], &["+"]] {
            let whole = vec![written];
            let parts =
                signs.iter().fold(whole, |parts, sign| parts.iter().flat_map(|part| part.split(sign)).collect());
            if parts.len() > 1
                && let Some(named) = parts.iter().map(|part| self.part(role, part)).collect()
            {
                return named;
            }
        }
        vec![Named { role, concept: None }]
    }

    /// A part of a list in the role asked for, else in one that is written together with it.
    fn part(&self, role: Role, part: &str) -> Option<Named<'_>> {
        let others = match role {
            Role::Target | Role::Level => &[][..],
            Role::Mission => &[Role::Platform, Role::Instrument],
            Role::Platform => &[Role::Instrument, Role::Mission],
            Role::Instrument => &[Role::Platform, Role::Mission],
        };
        let roles = std::iter::once(role).chain(others.iter().copied());
        let mut found = roles.filter_map(|role| Some(Named { role, concept: Some(self.concept(role, part.trim())?) }));
        found.next()
    }
}

fn known_label_changed(known: Option<&(Role, Arc<Concept>)>, concept: &Concept) -> bool {
    known.is_some_and(|(_, old)| old.as_ref() != concept)
}

/// The texts of what some statements say with a property of SKOS.
fn literals_and_addresses<'t>(statements: &[&'t Triple], property: &str) -> std::vec::IntoIter<&'t str> {
    let values = statements.iter().copied().filter(|triple| triple.predicate.strip_prefix(SKOS) == Some(property));
    let values: Vec<&str> = values
        .filter_map(|triple| match &triple.object {
            Term::Literal { value, .. } => Some(value.as_str()),
            Term::Iri(iri) => Some(iri.as_str()),
            Term::Blank(_) => None,
        })
        .collect();
    values.into_iter()
}

/// Spellings are compared without regard to case, spaces, hyphens and underscores.
pub(super) fn fold(written: &str) -> String {
    written.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels and roles that a text stands for.
    fn named(role: Role, written: &str) -> Vec<(Role, String)> {
        let label =
            |named: Named<'_>| (named.role, named.concept.map_or(String::new(), |concept| concept.label.clone()));
        Names::bundled().named(role, written).into_iter().map(label).collect()
    }

    #[test]
    fn every_table_is_read_and_no_spelling_stands_for_two_things() {
        for table in TABLES {
            let triples = rdf::parse(Syntax::Turtle, table.as_bytes(), BASE, &[]).expect("Turtle");
            let mut seen: HashMap<String, &Term> = HashMap::new();
            for triple in triples.iter().filter(|triple| triple.predicate.ends_with("Label")) {
                let Term::Literal { value, .. } = &triple.object else { panic!("{triple:?}") };
                let before = seen.insert(fold(value), &triple.subject);
                assert!(before.is_none_or(|before| *before == triple.subject), "{value}");
            }
            assert!(seen.len() > 10);
        }
    }

    #[test]
    fn spellings_of_one_thing_have_one_label() {
        let cases = [
            (Role::Platform, "InSight Mars Lander Spacecraft", "InSight"),
            (Role::Platform, "Insight", "InSight"),
            (Role::Platform, "Insight Lander", "InSight"),
            (Role::Platform, "SENTINEL2A", "Sentinel-2A"),
            (Role::Platform, "VIKING_ORBITER_1", "Viking Orbiter 1"),
            (Role::Platform, "TERRA (AM-1)", "Terra"),
            (Role::Platform, "AQUA > Earth Observing System, AQUA", "Aqua"),
            (Role::Mission, "ParkerSolarProbe", "Parker Solar Probe"),
            (Role::Target, "MARS", "Mars"),
            (Role::Target, "(101955) Bennu", "Bennu"),
            (Role::Target, "Saturn.Titan", "Titan"),
            (Role::Instrument, "Insight Context Camera", "ICC"),
        ];
        for (role, written, expected) in cases {
            assert_eq!(named(role, written), [(role, expected.to_owned())], "{written}");
        }
    }

    #[test]
    fn lists_become_their_parts_when_all_are_known() {
        let owned =
            |list: &[(Role, &str)]| list.iter().map(|(role, label)| (*role, (*label).to_owned())).collect::<Vec<_>>();
        let (platform, instrument) = (Role::Platform, Role::Instrument);
        assert_eq!(named(platform, "terra,aqua"), owned(&[(platform, "Terra"), (platform, "Aqua")]));
        assert_eq!(
            named(platform, "SOLO/EUI/FSI"),
            owned(&[(platform, "Solar Orbiter"), (instrument, "EUI"), (instrument, "FSI")])
        );
        assert_eq!(named(Role::Mission, "TERRA+AQUA"), owned(&[(Role::Mission, "Terra"), (Role::Mission, "Aqua")]));
        assert_eq!(named(platform, "terra,something"), owned(&[(platform, "")]));
        assert_eq!(named(platform, ""), owned(&[(platform, "")]));
    }

    #[test]
    fn an_archivist_adds_spellings_and_concepts() {
        let table = br#"@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
            <platform/insight> skos:altLabel "Marsbeben" .
            <https://example.org/x> skos:prefLabel "X" ; skos:inScheme <https://w3id.org/perennial/platforms> ."#;
        let names = Names::bundled().with(table).expect("Turtle");
        assert_eq!(names.concept(Role::Platform, "marsbeben").map(|concept| concept.label.as_str()), Some("InSight"));
        assert_eq!(
            names.concept(Role::Platform, "x").map(|concept| concept.iri.as_str()),
            Some("https://example.org/x")
        );
        assert_eq!(Names::bundled().concept(Role::Platform, "marsbeben"), None);
        assert!(Names::bundled().with(b"<a> <b>").is_err());
    }
}
