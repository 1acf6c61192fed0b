//! Cuts a stream into frames of one size and writes them to a sink, remembering where each stands.

use std::io::{self, Write};

use super::{FrameEncoder, SeekTable};

/// Push-style writer of frames. Holds one unpacked frame in memory, whatever the length of the stream.
pub struct FrameWriter<W> {
    encoder: FrameEncoder,
    sink: W,
    pending: Vec<u8>,
    frame_bytes: usize,
    table: SeekTable,
}

impl<W: Write> FrameWriter<W> {
    /// A writer of frames of `frame_bytes` unpacked bytes (the last may be shorter).
    ///
    /// # Errors
    /// zstd's, when it has no memory or does not know the level.
    pub fn new(sink: W, level: i32, frame_bytes: usize) -> io::Result<Self> {
        let encoder = FrameEncoder::new(level)?;
        Ok(Self { encoder, sink, pending: Vec::new(), frame_bytes: frame_bytes.max(1), table: SeekTable::default() })
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// The sink's.
    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = self.frame_bytes - self.pending.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            bytes = later;
            if self.pending.is_empty() && now.len() == self.frame_bytes {
                self.put_frame(now)?;
                continue;
            }
            self.pending.extend_from_slice(now);
            if self.pending.len() == self.frame_bytes {
                self.end_frame()?;
            }
        }
        Ok(())
    }

    /// Ends the frame that is being filled, if it holds anything.
    ///
    /// # Errors
    /// The sink's.
    pub fn end_frame(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut content = std::mem::take(&mut self.pending);
        let put = self.put_frame(&content);
        content.clear();
        self.pending = content;
        put
    }

    /// Writes content as one frame, empty content too.
    ///
    /// # Errors
    /// The sink's; `InvalidInput` when the content is longer than a seek table can say.
    pub fn put_frame(&mut self, content: &[u8]) -> io::Result<()> {
        let bytes = u32::try_from(content.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let frame = self.encoder.encode(content)?;
        let stored = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.sink.write_all(frame)?;
        self.table.push(stored, bytes);
        Ok(())
    }

    /// The frames ended so far.
    pub fn table(&self) -> &SeekTable {
        &self.table
    }

    /// The sink, with what was written to it.
    pub fn sink(&self) -> &W {
        &self.sink
    }

    /// The sink, to write something that is no frame after the last one.
    pub fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Bytes taken that are not yet in a frame.
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Ends the last frame and gives the sink and the table back; the table is not written.
    ///
    /// # Errors
    /// The sink's.
    pub fn into_frames(mut self) -> io::Result<(W, SeekTable)> {
        self.end_frame()?;
        Ok((self.sink, self.table))
    }

    /// Ends the last frame, writes the seek table and gives the sink back.
    ///
    /// # Errors
    /// The sink's.
    pub fn finish(self) -> io::Result<(W, SeekTable)> {
        let (mut sink, table) = self.into_frames()?;
        sink.write_all(&table.to_bytes())?;
        Ok((sink, table))
    }
}
