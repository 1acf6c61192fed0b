//! PNG images as their samples (PNG 1.2, ISO 15948): how they were compressed and filtered does not matter, nor chunks
//! beside the image; size, kind, palette, transparency and every sample do. No interlaced images.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::shorten::{both, hexadecimal, whole};
use super::verdict::{Difference, Place};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Largest image, unpacked.
const MAX_PIXEL_BYTES: u64 = 256 << 20;

/// Size, bits of a sample, and kind of colour.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
}

/// An image without its way of packing.
#[derive(Debug)]
struct Image {
    head: Head,
    palette: Vec<u8>,
    transparency: Vec<u8>,
    /// Rows without their filter bytes.
    samples: Vec<u8>,
}

impl Head {
    /// Bits of one pixel.
    fn bits(&self) -> usize {
        let samples = match self.colour {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        };
        samples * usize::from(self.depth)
    }

    fn row_bytes(&self) -> usize {
        (self.width as usize * self.bits()).div_ceil(8)
    }
}

fn read_head(chunk: &[u8]) -> Result<Head, String> {
    let word = |at: usize| Some(u32::from_be_bytes(chunk.get(at..at + 4)?.try_into().ok()?));
    let (Some(width), Some(height), Some([depth, colour, 0, 0, interlace])) = (word(0), word(4), chunk.get(8..13))
    else {
        return Err("a broken header".to_owned());
    };
    let fits = matches!(
        (colour, depth),
        (0, 1 | 2 | 4 | 8 | 16) | (2, 8 | 16) | (3, 1 | 2 | 4 | 8) | (4, 8 | 16) | (6, 8 | 16)
    );
    let head = Head { width, height, depth: *depth, colour: *colour };
    if !fits || width == 0 || height == 0 {
        return Err("a header that means nothing".to_owned());
    }
    if *interlace != 0 {
        return Err("interlaced".to_owned());
    }
    let bytes = (u64::from(width) * head.bits() as u64).div_ceil(8).saturating_add(1).saturating_mul(u64::from(height));
    if bytes > MAX_PIXEL_BYTES { Err("too large".to_owned()) } else { Ok(head) }
}

fn read(bytes: &[u8]) -> Result<Image, String> {
    let mut rest = bytes.strip_prefix(SIGNATURE).ok_or("no signature")?;
    let (mut head, mut packed) = (None, Vec::new());
    let (mut palette, mut transparency) = (Vec::new(), Vec::new());
    loop {
        let Chunk { kind, content, behind } = chunk(rest)?;
        rest = behind;
        match kind {
            b"IHDR" if head.is_none() => head = Some(read_head(content)?),
            b"PLTE" => palette = content.to_vec(),
            b"tRNS" => transparency = content.to_vec(),
            b"IDAT" => packed.extend_from_slice(content),
            b"IEND" => break,
            // A chunk whose first letter is large must be understood.
            [first, ..] if first.is_ascii_uppercase() => return Err("a critical chunk that is not known".to_owned()),
            _ => {}
        }
    }
    let head = head.ok_or("no header")?;
    let samples = unpack(&head, &packed)?;
    Ok(Image { head, palette, transparency, samples })
}

/// A chunk and what comes behind it.
struct Chunk<'a> {
    kind: &'a [u8],
    content: &'a [u8],
    behind: &'a [u8],
}

/// The next chunk. Its sum is checked.
fn chunk(bytes: &[u8]) -> Result<Chunk<'_>, String> {
    let early = || "ends early".to_owned();
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(early)?;
    let length = u32::from_be_bytes(*length) as usize;
    let summed = rest.get(..length.checked_add(4).ok_or_else(early)?).ok_or_else(early)?;
    let (kind, content) = summed.split_at_checked(4).ok_or_else(early)?;
    let (sum, behind) = rest.get(summed.len()..).and_then(<[u8]>::split_first_chunk::<4>).ok_or_else(early)?;
    let mut crc = flate2::Crc::new();
    crc.update(summed);
    match crc.sum() == u32::from_be_bytes(*sum) {
        true => Ok(Chunk { kind, content, behind }),
        false => Err("a chunk with a wrong sum".to_owned()),
    }
}

/// Inflates and undoes the filters (section 6 of PNG 1.2).
fn unpack(head: &Head, packed: &[u8]) -> Result<Vec<u8>, String> {
    let (row_bytes, step) = (head.row_bytes(), head.bits().div_ceil(8));
    let mut decoder = ZlibDecoder::new(packed);
    let mut samples: Vec<u8> = Vec::new();
    let mut above = vec![0u8; row_bytes];
    for _ in 0..head.height {
        let mut row = vec![0u8; row_bytes + 1];
        decoder.read_exact(&mut row).map_err(|error| format!("the image: {error}"))?;
        let (filter, row) = row.split_first_mut().ok_or("no row")?;
        unfilter(*filter, row, &above, step)?;
        samples.extend_from_slice(row);
        above.copy_from_slice(row);
    }
    let mut behind = [0u8; 1];
    match decoder.read(&mut behind) {
        Ok(0) => Ok(samples),
        Ok(_) => Err("more rows than its height".to_owned()),
        Err(error) => Err(format!("the image: {error}")),
    }
}

fn unfilter(filter: u8, row: &mut [u8], above: &[u8], step: usize) -> Result<(), String> {
    let at = |bytes: &[u8], index: Option<usize>| index.and_then(|index| bytes.get(index).copied()).unwrap_or(0);
    for index in 0..row.len() {
        let (left, up) = (at(row, index.checked_sub(step)), at(above, Some(index)));
        let corner = at(above, index.checked_sub(step));
        let predicted = match filter {
            0 => 0,
            1 => left,
            2 => up,
            3 => u8::midpoint(left, up),
            4 => paeth(left, up, corner),
            _ => return Err("a filter that is not known".to_owned()),
        };
        if let Some(byte) = row.get_mut(index) {
            *byte = byte.wrapping_add(predicted);
        }
    }
    Ok(())
}

/// The predictor of Alan W. Paeth.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |byte: u8| (estimate - i16::from(byte)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
}

/// `png_pixels/1`.
pub(super) fn compare(expected: &[u8], found: &[u8]) -> Result<(), Difference> {
    let (expected, found) = both(read(expected), read(found), "PNG")?;
    if expected.head != found.head {
        return Err(whole(said(&expected.head), said(&found.head)));
    }
    if expected.palette != found.palette || expected.transparency != found.transparency {
        return Err(whole("one palette or transparency", "another palette or transparency"));
    }
    let (row_bytes, bits) = (expected.head.row_bytes(), expected.head.bits());
    let rows = expected.samples.chunks(row_bytes).zip(found.samples.chunks(row_bytes));
    for (y, (left, right)) in rows.enumerate() {
        let Some(byte) = left.iter().zip(right).position(|(one, other)| one != other) else { continue };
        let x = first_pixel(left, right, byte, bits);
        let wide = bits.div_ceil(8);
        let start = x * bits / 8;
        let pixel = |row: &[u8]| hexadecimal(row.get(start..start + wide).unwrap_or_default());
        let place = Place::Pixel { x: x as u64, y: y as u64 };
        return Err(Difference { place, expected: pixel(left), found: pixel(right) });
    }
    Ok(())
}

/// The pixel in which the first differing byte of a row differs; several pixels share a byte below 8 bits.
fn first_pixel(left: &[u8], right: &[u8], byte: usize, bits: usize) -> usize {
    if bits >= 8 {
        return byte * 8 / bits;
    }
    let differing = left.get(byte).zip(right.get(byte)).map_or(0, |(one, other)| one ^ other);
    (byte * 8 + differing.leading_zeros() as usize) / bits
}

fn said(head: &Head) -> String {
    format!("{} x {} pixels, {} bits, colour type {}", head.width, head.height, head.depth, head.colour)
}
