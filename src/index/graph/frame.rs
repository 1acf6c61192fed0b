//! What a worker and its parent say to each other over a pipe: frames of one kind byte, a length (4 bytes,
//! little-endian) and that many bytes. Both ends are the same binary, so there is no version.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::error::Refusal;
use super::search::Results;

/// Longest frame, bytes: a query with the hits of a search in it.
const MAX_FRAME: usize = 64 << 20;

/// How solutions and truth values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultFormat {
    Json,
    Xml,
    Csv,
    Tsv,
}

/// How triples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TripleFormat {
    Turtle,
    NTriples,
    RdfXml,
    JsonLd,
}

/// What a query asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// SELECT.
    Solutions,
    /// ASK.
    Boolean,
    /// CONSTRUCT and DESCRIBE.
    Triples,
}

impl Form {
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Solutions => "a table of solutions",
            Self::Boolean => "true or false",
            Self::Triples => "a graph",
        }
    }
}

/// A query with everything that its answer depends on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Question {
    pub query: String,
    /// Results of the searches in it, in their order.
    pub searches: Vec<Results>,
    /// Address that stands for the stored base in the query and in its answer; ends with `/`.
    pub base: String,
    /// Graphs that make up the default graph; with `named`, both empty, the query decides.
    pub default_graphs: Vec<String>,
    pub named_graphs: Vec<String>,
    /// Formats that the client takes; none where it takes no such format.
    pub results: Option<ResultFormat>,
    pub triples: Option<TripleFormat>,
    pub max_rows: u64,
    pub max_bytes: u64,
    /// Endpoints elsewhere that it may name; their answers are among `searches`.
    pub services: Vec<String>,
    /// Who asks, as an address: decides whose turn it is, not what is answered.
    #[serde(skip)]
    pub caller: String,
}

/// What comes before the bytes of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub form: Form,
    /// Last event that the answer has seen.
    pub sequence: u64,
}

/// To the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Use the checkpoint in this folder from now on.
    Open {
        folder: String,
    },
    Ask(Box<Question>),
}

/// From the worker. Each `Open` is answered by `Opened` or `Refused`, each `Ask` by `Head`, `Body`…, and `End` or
/// `Refused`; `Refused` may come at any place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Opened { sequence: u64 },
    Head(Head),
    Body(Vec<u8>),
    End,
    Refused(Refusal),
}

const OPENED: u8 = b'O';
const HEAD: u8 = b'H';
const BODY: u8 = b'B';
const END: u8 = b'E';
const REFUSED: u8 = b'R';
const ORDER: u8 = b'Q';

pub(super) fn send_order(pipe: &mut impl Write, order: &Order) -> io::Result<()> {
    write_frame(pipe, ORDER, &serde_json::to_vec(order)?)
}

/// The next order; none when the parent is gone.
pub(super) fn receive_order(pipe: &mut impl Read) -> io::Result<Option<Order>> {
    match read_frame(pipe)? {
        None => Ok(None),
        Some((ORDER, bytes)) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Some((kind, _)) => Err(unknown(kind)),
    }
}

pub(super) fn send_reply(pipe: &mut impl Write, reply: &Reply) -> io::Result<()> {
    match reply {
        Reply::Opened { sequence } => write_frame(pipe, OPENED, &sequence.to_le_bytes()),
        Reply::Head(head) => write_frame(pipe, HEAD, &serde_json::to_vec(head)?),
        Reply::Body(bytes) => write_frame(pipe, BODY, bytes),
        Reply::End => write_frame(pipe, END, &[]),
        Reply::Refused(refusal) => write_frame(pipe, REFUSED, &serde_json::to_vec(refusal)?),
    }
}

/// The next reply; none when the worker is gone.
pub(super) fn receive_reply(pipe: &mut impl Read) -> io::Result<Option<Reply>> {
    let Some((kind, bytes)) = read_frame(pipe)? else { return Ok(None) };
    let reply = match kind {
        OPENED => {
            let sequence = bytes.as_slice().try_into().map_err(|_| unknown(kind))?;
            Reply::Opened { sequence: u64::from_le_bytes(sequence) }
        }
        HEAD => Reply::Head(serde_json::from_slice(&bytes)?),
        BODY => Reply::Body(bytes),
        END => Reply::End,
        REFUSED => Reply::Refused(serde_json::from_slice(&bytes)?),
        kind => return Err(unknown(kind)),
    };
    Ok(Some(reply))
}

fn unknown(kind: u8) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a frame of kind {kind}"))
}

fn write_frame(pipe: &mut impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length as usize <= MAX_FRAME);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a frame too long"))?;
    let mut frame = Vec::with_capacity(bytes.len() + 5);
    frame.push(kind);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(bytes);
    pipe.write_all(&frame)?;
    pipe.flush()
}

fn read_frame(pipe: &mut impl Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0_u8; 5];
    let [kind, rest @ ..] = &mut head;
    if pipe.read(std::slice::from_mut(kind))? == 0 {
        return Ok(None);
    }
    pipe.read_exact(rest)?;
    let length = u32::from_le_bytes(*rest) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame too long"));
    }
    let mut bytes = vec![0; length];
    pipe.read_exact(&mut bytes)?;
    Ok(Some((*kind, bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_arrives() {
        let replies = [
            Reply::Opened { sequence: 7 },
            Reply::Head(Head { form: Form::Triples, sequence: 7 }),
            Reply::Body(vec![0, 1, 2]),
            Reply::Refused(Refusal::TooLong { seconds: 3 }),
            Reply::End,
        ];
        let mut pipe = Vec::new();
        for reply in &replies {
            send_reply(&mut pipe, reply).expect("written");
        }
        let mut read = pipe.as_slice();
        for reply in &replies {
            assert_eq!(receive_reply(&mut read).expect("read").as_ref(), Some(reply));
        }
        assert_eq!(receive_reply(&mut read).expect("the end"), None);
        let order = Order::Ask(Box::new(Question { query: "ASK {}".into(), ..Question::default() }));
        let mut pipe = Vec::new();
        send_order(&mut pipe, &order).expect("written");
        assert_eq!(receive_order(&mut pipe.as_slice()).expect("read"), Some(order));
    }

    #[test]
    fn frames_that_are_cut_or_too_long_are_errors() {
        let cut: &[u8] = &[BODY, 9, 0, 0, 0, 1];
        let long: &[u8] = &[BODY, 0xff, 0xff, 0xff, 0xff];
        let strange: &[u8] = &[b'?', 0, 0, 0, 0];
        for mut bytes in [cut, long, strange] {
            assert!(receive_reply(&mut bytes).is_err());
        }
    }
}
