//! The stored record itself, byte for byte, as the text of one element with its digest.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::catalogue::changes::Entry;
use crate::http::faces::xml::{self, is_char};

/// The namespace of the element.
pub const NAMESPACE: &str = "https://w3id.org/perennial/oai/";

/// The schema of the element.
pub const XSD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="https://w3id.org/perennial/oai/" elementFormDefault="qualified">
  <xs:element name="record">
    <xs:annotation><xs:documentation>A record of a Perennial catalogue: its text is the stored JSON. Where that has characters
      that XML has no place for, `encoding` says that the text is Base64 of its bytes.</xs:documentation></xs:annotation>
    <xs:complexType>
      <xs:simpleContent>
        <xs:extension base="xs:string">
          <xs:attribute name="sha256" type="xs:hexBinary" use="required"/>
          <xs:attribute name="sequence" type="xs:positiveInteger" use="required"/>
          <xs:attribute name="revision" type="xs:positiveInteger" use="required"/>
          <xs:attribute name="encoding"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="base64"/></xs:restriction></xs:simpleType></xs:attribute>
        </xs:extension>
      </xs:simpleContent>
    </xs:complexType>
  </xs:element>
</xs:schema>
"#;

pub fn write(out: &mut String, entry: &Entry, record: &str) {
    let digest = entry.digest().map(|digest| digest.to_string()).unwrap_or_default();
    let (sequence, revision) = (entry.sequence.to_string(), entry.revision.to_string());
    let mut attributes =
        vec![("xmlns", NAMESPACE), ("sha256", &digest), ("sequence", &sequence), ("revision", &revision)];
    if record.chars().all(is_char) {
        xml::element_with(out, "record", &attributes, record);
    } else {
        attributes.push(("encoding", "base64"));
        xml::element_with(out, "record", &attributes, &STANDARD.encode(record));
    }
}
