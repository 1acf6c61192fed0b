//! Reads a body to its end, unpacked, within its bounds. A few bytes that unpack to very many are no answer.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::{Limits, OutboundError};

/// Unpacked bytes that need no reason.
const SMALL: usize = 1 << 20;
/// Beyond that, so many unpacked bytes for one that came: text of records packs 20 to 40 times.
const MOST_TIMES: u64 = 200;
/// Bytes taken at a time.
const PIECE: usize = 64 << 10;

/// Why a body is no answer.
#[derive(Debug)]
pub enum Fault {
    TooLong,
    Packed(String),
    Io(io::Error),
}

impl Fault {
    /// The error that a caller gets.
    pub fn told(self, limits: Limits) -> OutboundError {
        match self {
            Self::TooLong => OutboundError::TooLong { bytes: limits.bytes },
            Self::Packed(reason) => OutboundError::Packed { reason },
            Self::Io(error) => super::failed(ureq::Error::from(error), limits),
        }
    }
}

/// Counts what came.
struct Counted<'r, R> {
    inner: &'r mut R,
    came: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.came += read as u64;
        Ok(read)
    }
}

/// The body of this encoding, of at most `most` bytes.
pub fn read<R: Read>(body: &mut R, encoding: Option<&str>, most: u64) -> Result<Vec<u8>, Fault> {
    match encoding.map(str::trim) {
        None | Some("" | "identity") => whole(body, most, |_, _| Ok(())),
        Some("gzip" | "x-gzip") => {
            let mut packed = MultiGzDecoder::new(Counted { inner: body, came: 0 });
            whole(&mut packed, most, |packed, unpacked| {
                let came = packed.get_ref().came;
                if unpacked > SMALL && unpacked as u64 > came.saturating_mul(MOST_TIMES) {
                    return Err(Fault::Packed(format!("{came} bytes of it make more than {unpacked}")));
                }
                Ok(())
            })
        }
        Some(other) => Err(Fault::Packed(format!("it is encoded as {other:.40}, which was not asked for"))),
    }
}

fn whole<R: Read>(from: &mut R, most: u64, check: impl Fn(&R, usize) -> Result<(), Fault>) -> Result<Vec<u8>, Fault> {
    let mut read = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let taken = match from.read(&mut piece) {
            Ok(0) => return Ok(read),
            Ok(taken) => taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if is_of_packing(&error) => return Err(Fault::Packed(error.to_string())),
            Err(error) => return Err(Fault::Io(error)),
        };
        read.extend_from_slice(piece.get(..taken).unwrap_or_default());
        if read.len() as u64 > most {
            return Err(Fault::TooLong);
        }
        check(from, read.len())?;
    }
}

/// The unpacker's own errors carry no error of the client.
fn is_of_packing(error: &io::Error) -> bool {
    let is_of_client = error.get_ref().is_some_and(|inner| inner.is::<ureq::Error>());
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) && !is_of_client
}
