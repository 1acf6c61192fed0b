//! One zstd frame: made with content size and checksum, and unpacked never beyond a limit.

use std::cell::RefCell;
use std::io;

use zstd::zstd_safe;

/// Why stored bytes are no frame that may be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("not one whole zstd frame")]
    NotAFrame,
    #[error("the zstd frame does not say how long its content is")]
    NoContentSize,
    #[error("the zstd frame announces {announced} bytes where at most {limit} are allowed")]
    TooLarge { announced: u64, limit: usize },
    #[error("the zstd frame is damaged")]
    Damaged(#[source] io::Error),
}

/// Makes independent frames at one level; reuses its memory.
pub struct FrameEncoder {
    compressor: zstd::bulk::Compressor<'static>,
    scratch: Vec<u8>,
}

impl FrameEncoder {
    /// An encoder for frames with content size and checksum.
    ///
    /// # Errors
    /// zstd's, when it has no memory or does not know the level.
    pub fn new(level: i32) -> io::Result<Self> {
        let mut compressor = zstd::bulk::Compressor::new(level)?;
        compressor.include_checksum(true)?;
        compressor.include_contentsize(true)?;
        Ok(Self { compressor, scratch: Vec::new() })
    }

    /// Compresses content to one frame.
    ///
    /// # Errors
    /// zstd's, when it has no memory.
    pub fn encode(&mut self, content: &[u8]) -> io::Result<&[u8]> {
        self.scratch.clear();
        self.scratch.reserve(zstd_safe::compress_bound(content.len()));
        self.compressor.compress_to_buffer(content, &mut self.scratch)?;
        Ok(&self.scratch)
    }
}

thread_local! {
    // A decompression context is 150 KiB: one for each thread, not one for each frame.
    static DECOMPRESSOR: RefCell<zstd::bulk::Decompressor<'static>> = RefCell::default();
}

/// Unpacks exactly one frame of at most `limit` bytes of content and checks its checksum. A decompression bomb is
/// refused by what it announces, and cannot write more than that.
///
/// # Errors
/// `FrameError` says which rule was broken.
pub fn decode_frame(stored: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
    let announced = match zstd_safe::get_frame_content_size(stored) {
        Ok(Some(announced)) => announced,
        Ok(None) => return Err(FrameError::NoContentSize),
        Err(_) => return Err(FrameError::NotAFrame),
    };
    if zstd_safe::find_frame_compressed_size(stored) != Ok(stored.len()) {
        return Err(FrameError::NotAFrame);
    }
    let too_large = || FrameError::TooLarge { announced, limit };
    let capacity = usize::try_from(announced).map_err(|_| too_large())?;
    if capacity > limit {
        return Err(too_large());
    }
    let mut content = Vec::with_capacity(capacity);
    DECOMPRESSOR
        .with_borrow_mut(|decompressor| decompressor.decompress_to_buffer(stored, &mut content))
        .map_err(FrameError::Damaged)?;
    if content.len() != capacity {
        return Err(FrameError::NotAFrame);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(content: &[u8]) -> Vec<u8> {
        FrameEncoder::new(3).expect("level 3").encode(content).expect("memory").to_vec()
    }

    #[test]
    fn a_bomb_is_refused_by_its_announced_size() {
        let bomb = encode(&vec![0; 64 << 20]);
        assert!(bomb.len() < 20_000);
        assert!(matches!(decode_frame(&bomb, 1 << 20), Err(FrameError::TooLarge { announced: 67_108_864, .. })));
    }

    #[test]
    fn a_bomb_that_lies_about_its_size_is_refused() {
        // RFC 8878 3.1.1.1: with Single_Segment_flag and 4-byte content size, the size stands in bytes 5 to 8.
        let mut liar = encode(&vec![0; 64 << 20]);
        liar[4] = 0b1010_0100;
        let header = [&liar[..5], &1000u32.to_le_bytes()[..]].concat();
        let body_at = if encode(&vec![0; 64 << 20])[4] & 0b0010_0000 == 0 { 10 } else { 9 };
        let stored = [&header, &liar[body_at..]].concat();
        assert!(decode_frame(&stored, 1 << 20).is_err());
    }

    #[test]
    fn a_frame_must_be_whole_single_and_of_known_size() {
        let frame = encode(b"content");
        let cases: [(&str, Vec<u8>); 5] = [
            ("empty", Vec::new()),
            ("truncated", frame[..frame.len() - 1].to_vec()),
            ("followed by a byte", [&frame[..], b"x"].concat()),
            ("followed by a frame", [&frame[..], &frame[..]].concat()),
            ("foreign", b"PK\x03\x04 not zstd at all".to_vec()),
        ];
        for (what, stored) in cases {
            assert!(matches!(decode_frame(&stored, 100), Err(FrameError::NotAFrame)), "{what}");
        }
        let streamed = zstd::stream::encode_all(&b"content"[..], 3).expect("memory");
        assert!(matches!(decode_frame(&streamed, 100), Err(FrameError::NoContentSize)));
    }

    #[test]
    fn every_flipped_bit_of_a_frame_is_noticed() {
        let content: Vec<u8> = (0..2000u32).flat_map(|n| (n * n % 251).to_le_bytes()).collect();
        let frame = encode(&content);
        for at in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            // Bits that the format does not use (a reserved or an unused one) may change nothing.
            assert!(decode_frame(&flipped, 1 << 20).map_or(true, |unpacked| unpacked == content), "bit {at}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_content_comes_back(content: Vec<u8>) {
            let unpacked = decode_frame(&encode(&content), content.len()).expect("own frame");
            proptest::prop_assert_eq!(unpacked, content);
        }

        #[test]
        fn any_bytes_are_refused_or_unpacked_within_the_limit(stored: Vec<u8>) {
            if let Ok(content) = decode_frame(&stored, 1000) {
                proptest::prop_assert!(content.len() <= 1000);
            }
        }
    }
}
