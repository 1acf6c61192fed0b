//! Evidence as a record: what an attempt found, signed, so that it can be believed outside of this archive. The signature is
//! Ed25519 (RFC 8032) over the RFC 8785 form of the record without `signature`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::recipe::{ProductName, canonical};
use super::verdict::Attempt;
use crate::model::{RecordId, Sha256, json};

/// Relation of evidence to the recipe that was tried.
pub const TRIED: &str = "tried";
/// Relation of evidence to the product that was made again.
pub const ABOUT: &str = "about";

/// How a signed record says by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SignatureMember {
    algorithm: String,
    /// The public key, 32 bytes in hexadecimal digits.
    key: String,
    /// 64 bytes in base64.
    value: String,
}

/// What a piece of evidence is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    pub product: Option<&'a ProductName>,
    pub recipe: &'a RecordId,
}

/// When and why an attempt was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// RFC 3339, UTC.
    pub started: &'a str,
    pub ended: &'a str,
    /// `request`, `drill` or `read`.
    pub occasion: &'a str,
    /// Name and version of this program.
    pub software: &'a str,
}

#[derive(Serialize)]
struct Recreation<'a> {
    recipe: &'a RecordId,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'a ProductName>,
    started: &'a str,
    ended: &'a str,
    occasion: &'a str,
    software: &'a str,
    #[serde(flatten)]
    attempt: &'a Attempt,
}

#[derive(Serialize)]
struct Record<'a> {
    kind: &'static str,
    id: &'a str,
    title: String,
    subject: &'a str,
    outcome: &'a str,
    processed_at: &'a str,
    links: Vec<Link<'a>>,
    recreation: Recreation<'a>,
}

#[derive(Serialize)]
struct Link<'a> {
    rel: &'static str,
    href: &'a str,
}

/// The evidence record of an attempt, signed. `id` must be new.
///
/// # Errors
/// A reason, when a number of the report cannot be written in RFC 8785.
pub fn record(
    id: &str,
    subject: &Subject<'_>,
    circumstances: &Circumstances<'_>,
    attempt: &Attempt,
    key: &[u8; 32],
) -> Result<String, String> {
    let name = subject.product.map_or(subject.recipe.as_str(), |product| product.id.as_str());
    let outcome = attempt.verdict.name();
    let mut links = vec![Link { rel: TRIED, href: subject.recipe.as_str() }];
    links.extend(subject.product.map(|product| Link { rel: ABOUT, href: product.id.as_str() }));
    let Circumstances { started, ended, occasion, software } = *circumstances;
    let (recipe, product) = (subject.recipe, subject.product);
    let recreation = Recreation { recipe, product, started, ended, occasion, software, attempt };
    let title = format!("Recreation of {name}: {outcome}");
    let record = Record { kind: "evidence", id, title, subject: name, outcome, processed_at: ended, links, recreation };
    let text = serde_json::to_string(&record).map_err(|error| error.to_string())?;
    sign(&text, key)
}

/// Adds a signature to the text of a record.
///
/// # Errors
/// A reason, when it is no JSON object or has no RFC 8785 form.
pub fn sign(record: &str, key: &[u8; 32]) -> Result<String, String> {
    let key = SigningKey::from_bytes(key);
    let mut members = json::Members::parse(record).map_err(|error| error.to_string())?;
    members.remove("signature");
    let signature = key.sign(&canonical(&members.to_text())?);
    let member = SignatureMember {
        algorithm: "ed25519".to_owned(),
        key: hexadecimal(key.verifying_key().as_bytes()),
        value: STANDARD.encode(signature.to_bytes()),
    };
    members.set_value("signature", &member).map_err(|error| error.to_string())?;
    Ok(members.to_text())
}

/// The public key that a record was signed with, in hexadecimal digits, when the signature is right.
///
/// # Errors
/// A reason why it is not.
pub fn verify(record: &str) -> Result<String, String> {
    let mut members = json::Members::parse(record).map_err(|error| error.to_string())?;
    let member = members.remove("signature").ok_or("the record is not signed")?;
    let member: SignatureMember = serde_json::from_str(member.get()).map_err(|error| error.to_string())?;
    if member.algorithm != "ed25519" {
        return Err(format!("signatures of {:?} are not known", member.algorithm));
    }
    let key = Sha256::parse(&member.key).map_err(|_| "the key is not 32 bytes in hexadecimal digits")?;
    let key = VerifyingKey::from_bytes(key.as_bytes()).map_err(|error| error.to_string())?;
    let value = STANDARD.decode(&member.value).map_err(|error| error.to_string())?;
    let signature = Signature::from_slice(&value).map_err(|error| error.to_string())?;
    let text = canonical(&members.to_text())?;
    key.verify_strict(&text, &signature).map_err(|_| "the signature does not fit the record".to_owned())?;
    Ok(member.key)
}

/// The public key of a secret one, in hexadecimal digits.
pub fn public_key(key: &[u8; 32]) -> String {
    hexadecimal(SigningKey::from_bytes(key).verifying_key().as_bytes())
}

fn hexadecimal(bytes: &[u8; 32]) -> String {
    Sha256::from_bytes(*bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recreation::verdict::Verdict;

    const KEY: [u8; 32] = [7; 32];

    fn evidence() -> String {
        let recipe = RecordId::parse("r").expect("an id");
        let subject = Subject { product: None, recipe: &recipe };
        let time = "2026-11-22T20:00:00Z";
        let circumstances =
            Circumstances { started: time, ended: time, occasion: "drill", software: "perennial 0.1.0" };
        let attempt = Attempt { verdict: Verdict::Identical, outputs: vec![], steps: vec![], negative_cases: vec![] };
        record("e", &subject, &circumstances, &attempt, &KEY).expect("signs")
    }

    #[test]
    fn what_was_signed_verifies_however_it_is_spelt_and_nothing_else_does() {
        let text = evidence();
        assert_eq!(verify(&text), Ok(public_key(&KEY)));
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let respelt = serde_json::to_string_pretty(&value).expect("JSON");
        assert_eq!(verify(&respelt), Ok(public_key(&KEY)));
        assert!(verify(&text.replace("identical", "different")).is_err());
        assert!(verify(&text.replace("\"drill\"", "\"read\"")).is_err());
        let other = sign(&text, &[8; 32]).expect("signs");
        assert_eq!(verify(&other), Ok(public_key(&[8; 32])));
        assert!(verify("{}").is_err());
    }

    #[test]
    fn evidence_passes_its_schema() {
        let registry = crate::schema::Registry::new().expect("schemas");
        let text = evidence();
        registry.check(&text).expect("a sound record");
    }
}
