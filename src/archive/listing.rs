//! The list of the payloads that became readable with a segment. Knows nothing of the payloads' bytes.

use serde::{Deserialize, Serialize};

use super::error::CommitError;
use super::object::ObjectDraft;
use super::open::Inner;
use super::segment::{MAX_BATCH_BYTES, StoredFile};
use crate::codec::{FrameReader, FrameWriter, PAYLOAD_FRAME_BYTES, SeekTable};
use crate::model::{PayloadLocation, Sha256};

/// Name of the list in segments of version 1.
pub const PLAIN: &str = "payloads.ndjson";
/// Name of the list in segments of version 2: the same text as zstd frames.
pub const COMPRESSED: &str = "payloads.ndjson.zst";

/// A payload and where it stands.
pub type Located = (Sha256, PayloadLocation);

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    sha256: Sha256,
    #[serde(flatten)]
    location: PayloadLocation,
}

/// The name of the list in segments of a version.
pub const fn name(version: u32) -> &'static str {
    if version >= 2 { COMPRESSED } else { PLAIN }
}

/// The list as text.
fn to_bytes(located: &[Located]) -> Vec<u8> {
    let mut list = Vec::new();
    for (sha256, location) in located {
        // Strings and integers into memory: serde_json has no failure for these.
        let line = serde_json::to_vec(&Line { sha256: *sha256, location: *location }).unwrap_or_default();
        list.extend(line);
        list.push(b'\n');
    }
    list
}

/// Writes the list of a segment of this version into its draft, if there is anything to list.
pub fn put(
    archive: &Inner,
    draft: &mut ObjectDraft,
    located: &[Located],
    version: u32,
) -> Result<Option<StoredFile>, CommitError> {
    if located.is_empty() {
        return Ok(None);
    }
    let (mut list, name) = (to_bytes(located), name(version));
    if name == COMPRESSED {
        list = compress(&list, archive.options.document_level).map_err(CommitError::Compression)?;
    }
    draft.put(archive.disk.as_ref(), name, &list)?;
    Ok(Some(StoredFile { stored: list.len() as u64 }))
}

/// The text as frames with a seek table.
fn compress(list: &[u8], level: i32) -> std::io::Result<Vec<u8>> {
    let mut writer = FrameWriter::new(Vec::new(), level, PAYLOAD_FRAME_BYTES)?;
    writer.write(list)?;
    Ok(writer.finish()?.0)
}

/// Takes a stored list apart, whose name tells its form.
pub fn read(name: &str, stored: Vec<u8>) -> Result<Vec<Located>, String> {
    let list = if name == COMPRESSED { unpack(&stored)? } else { stored };
    let lines = list.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let parse = |line| serde_json::from_slice::<Line>(line).map(|line| (line.sha256, line.location));
    lines.map(parse).collect::<Result<_, _>>().map_err(|error| format!("{name}: {error}"))
}

fn unpack(stored: &Vec<u8>) -> Result<Vec<u8>, String> {
    let table = SeekTable::read(stored).map_err(|error| format!("{COMPRESSED}: {error}"))?;
    if table.bytes() > MAX_BATCH_BYTES {
        return Err(format!("{COMPRESSED}: it announces {} bytes", table.bytes()));
    }
    let mut list = Vec::new();
    for frame in table.frames() {
        if frame.bytes as usize > PAYLOAD_FRAME_BYTES {
            return Err(format!("{COMPRESSED}: a frame is longer than frames are"));
        }
        let begin = frame.stored_offset as usize;
        let bytes = stored.get(begin..begin + frame.stored as usize).unwrap_or_default();
        list.extend(FrameReader::unpack(frame, bytes).map_err(|error| format!("{COMPRESSED}: {error}"))?);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located() -> Vec<Located> {
        let digest = |n: u32| crate::codec::sha256(&n.to_le_bytes());
        let shared = |n| PayloadLocation::Pack { segment: 7, offset: 0, stored: 900, start: Some(n * 10), bytes: 10 };
        let mut located: Vec<Located> = (0..20_000).map(|n| (digest(n), shared(n))).collect();
        let own = PayloadLocation::Pack { segment: 7, offset: 900, stored: 5, start: None, bytes: 1 << 20 };
        located.push((digest(1), own));
        located.push((digest(2), PayloadLocation::Object { bytes: 9 << 20, compressed: true }));
        located
    }

    #[test]
    fn a_list_comes_back_in_either_form() {
        let text = to_bytes(&located());
        assert_eq!(read(PLAIN, text.clone()).expect("a list"), located());
        let stored = compress(&text, 3).expect("level 3");
        assert!(text.len() > 2 * PAYLOAD_FRAME_BYTES && stored.len() < text.len() / 2);
        assert_eq!(read(COMPRESSED, stored.clone()).expect("a list"), located());
        for (name, list) in [(PLAIN, stored), (COMPRESSED, text)] {
            assert!(read(name, list).is_err(), "{name}");
        }
    }

    #[test]
    fn a_line_without_a_start_has_frames_of_its_own() {
        let line = format!(
            r#"{{"sha256":"{}","in":"pack","segment":7,"offset":900,"stored":5,"bytes":1048576}}"#,
            crate::codec::sha256(&1u32.to_le_bytes())
        );
        assert_eq!(read(PLAIN, line.into_bytes()).expect("a list"), located()[20_000..20_001]);
    }

    #[test]
    fn a_damaged_or_lying_list_is_refused() {
        let stored = compress(&to_bytes(&located()), 3).expect("level 3");
        for at in [0, stored.len() / 2, stored.len() - 1] {
            let mut flipped = stored.clone();
            flipped[at] ^= 4;
            assert!(read(COMPRESSED, flipped).is_err(), "byte {at}");
        }
        let mut bomb = FrameWriter::new(Vec::new(), 3, 1 << 30).expect("level 3");
        bomb.put_frame(&vec![b'\n'; PAYLOAD_FRAME_BYTES + 1]).expect("memory");
        let bomb = bomb.finish().expect("memory").0;
        assert!(read(COMPRESSED, bomb).expect_err("refused").contains("longer than frames are"));
    }
}
