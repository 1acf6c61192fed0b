//! Assets to files. The assets themselves stay as given under `stac.assets`.

use std::borrow::Cow;

use super::{Draft, Fields, Making, Reason, json, usable};

/// Multihash codes (multiformats.io) as hexadecimal text: code, length, algorithm. Two bytes where the varint has two.
const MULTIHASHES: &[(&str, usize, &str)] =
    &[("1114", 40, "sha1"), ("1220", 64, "sha256"), ("1340", 128, "sha512"), ("d50110", 32, "md5")];

impl<'a> Making<'a> {
    /// Writes `files[]`, one for each asset by its key, and the assets as given under `stac`. STAC 1.1 has no asset
    /// without href: such ones are set aside, so that the others can be served as they stand.
    pub(super) fn files(&mut self, draft: &mut Draft, stac: &mut Draft) {
        let Some(written) = self.fields.get("assets") else { return };
        let Some(assets) = Fields::of_valid(written) else {
            if written != "null" {
                self.note(Reason::WrongType { name: "assets" });
            }
            return stac.raw("assets", written);
        };
        let (mut files, mut linked, mut aside) = (Draft::array(), Draft::object(), Draft::object());
        for (name, asset) in assets.iter() {
            let fields = Fields::of_valid(asset).unwrap_or_default();
            let has_href = fields.string("href").is_some_and(|href| !href.is_empty());
            let kept = if has_href { &mut linked } else { &mut aside };
            kept.raw(name, asset);
            let reason = match usable(name) {
                Ok(()) if has_href => None,
                Ok(()) => Some("it has no href".to_owned()),
                Err(reason) => Some(reason.to_string()),
            };
            match reason {
                None => files.element(&self.file(name, &fields).finish()),
                Some(message) => self.note(Reason::AssetUnusable { name: name.to_owned(), message }),
            }
        }
        draft.part("files", files);
        if aside.is_empty() {
            stac.raw("assets", written);
        } else {
            stac.raw("assets", &linked.finish());
            stac.part("assets_without_href", aside);
        }
    }

    fn file(&mut self, name: &str, asset: &Fields<'_>) -> Draft {
        let mut file = Draft::object();
        file.string("name", name);
        // `role` was written by mistake for `roles` in real collections.
        let roles = ["roles", "role"].iter().find_map(|member| asset.get(member));
        let first = roles.and_then(json::elements).and_then(|roles| json::read_string(roles.first()?));
        file.optional("role", first);
        match asset.get("file:size") {
            Some(bytes) if bytes.parse::<u64>().is_ok() => file.raw("bytes", bytes),
            Some(bytes) => {
                let message = format!("file:size {bytes} is no number of bytes");
                self.note(Reason::AssetUnusable { name: name.to_owned(), message });
            }
            None => {}
        }
        checksums(asset, &mut file);
        file.optional("media_type", asset.string("type"));
        file.optional("href", asset.string("href"));
        file
    }
}

fn checksums(asset: &Fields<'_>, file: &mut Draft) {
    let mut checksums = Draft::array();
    for written in ["file:checksum", "checksum:multihash"].iter().filter_map(|member| asset.string(member)) {
        if written.is_empty() {
            continue;
        }
        let (algorithm, value) = algorithm_of(&written);
        let mut checksum = Draft::object();
        checksum.string("algorithm", algorithm);
        checksum.string("value", &value);
        checksum.string("source", "producer");
        checksums.element(&checksum.finish());
    }
    file.part("checksums", checksums);
}

/// Takes a multihash apart. Real files also hold bare digests: 32 digits are an MD5 when no code fits.
fn algorithm_of(written: &str) -> (&'static str, Cow<'_, str>) {
    let lower = written.to_ascii_lowercase();
    let known = MULTIHASHES.iter().find_map(|(code, digits, algorithm)| {
        let rest = lower.strip_prefix(code)?;
        (rest.len() == *digits && is_hexadecimal(rest)).then(|| (*algorithm, Cow::Owned(rest.to_owned())))
    });
    known.unwrap_or_else(|| match written.len() {
        32 if is_hexadecimal(&lower) => ("md5", Cow::Owned(lower)),
        _ => ("multihash", Cow::Borrowed(written)),
    })
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multihashes_name_their_algorithm() {
        let (sha256, md5) = ("ab".repeat(32), "CD".repeat(16));
        let cases = [
            (format!("1220{sha256}"), ("sha256", sha256.clone())),
            (format!("d50110{}", md5.to_lowercase()), ("md5", md5.to_lowercase())),
            (md5.clone(), ("md5", md5.to_lowercase())),
            ("1220abcd".to_owned(), ("multihash", "1220abcd".to_owned())),
            ("no hash".to_owned(), ("multihash", "no hash".to_owned())),
        ];
        for (written, (algorithm, value)) in cases {
            assert_eq!(algorithm_of(&written), (algorithm, Cow::Owned(value)));
        }
    }
}
