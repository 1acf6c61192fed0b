//! The system that a program of WASI preview 1 sees: three folders, a clock that stands, chance from a seed. Ours
//! alone and without the engine: it knows nothing of wasmtime, and of the host only opened files.

mod chance;
mod descriptor;
mod errno;
mod folders;
mod guest;
mod process;
mod stat;
mod stop;
mod streams;
#[cfg(test)]
mod tests;
mod tree;

use std::fs::File;
use std::path::PathBuf;

use chance::{Chance, Clock};
use descriptor::{Descriptor, Open, Table};
use guest::Guest;
use tree::{NodeId, Tree};

pub(super) use stop::Stop;

use crate::recreation::perform::job::Job;
use crate::recreation::perform::log::Tail;

/// Opened and checked files of a job, each with its name and length.
pub(super) struct Opened {
    pub(super) inputs: Vec<(String, File, u64)>,
    /// What is beside the program, itself included.
    pub(super) program: Vec<(String, File, u64)>,
}

/// One program's system.
pub(super) struct Host {
    tree: Tree,
    table: Table,
    out: NodeId,
    arguments: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
    chance: Chance,
    clock: Clock,
    log: Tail,
}

/// What a call of the program comes to, besides what it wrote into the program's memory.
pub(super) type Answer = Result<(), tree::Refusal>;

impl Host {
    /// The system of a job; `scratch` is an empty folder of the host for what the program writes.
    pub(super) fn new(job: &Job, opened: Opened, scratch: PathBuf) -> Result<Self, Stop> {
        let start_ns = u64::try_from(job.clock_ns).unwrap_or(0);
        let mut tree = Tree::new(scratch, start_ns, job.limits.output_bytes, job.limits.output_files);
        let (inputs, out, program) = (tree.add_root(false), tree.add_root(true), tree.add_root(false));
        for (folder, files) in [(inputs, opened.inputs), (program, opened.program)] {
            let mut files = files;
            files.sort_by(|left, right| left.0.cmp(&right.0));
            for (name, file, bytes) in files {
                tree.add_input(folder, &name, file, bytes);
            }
        }
        let mut host = Self {
            tree,
            table: Table::default(),
            out,
            arguments: job.argv.iter().map(|argument| terminated(argument)).collect(),
            environment: job.environment.iter().map(|(name, value)| terminated(&format!("{name}={value}"))).collect(),
            chance: Chance::new(job.seed),
            clock: Clock::new(start_ns),
            log: Tail::default(),
        };
        host.open_standard(job, inputs).map_err(|refusal| match refusal {
            tree::Refusal::Stop(stop) => stop,
            tree::Refusal::Errno(errno) => Stop::Disk(format!("the standard streams: error {}", errno.0)),
        })?;
        Ok(host)
    }

    /// Descriptors 0 to 5: the standard streams, `/in`, `/out`, `/program`.
    fn open_standard(&mut self, job: &Job, inputs: NodeId) -> Answer {
        let input = match &job.stdin {
            Some(name) => match self.tree.child(inputs, name)? {
                Some(node) => self.opened(node, false)?,
                None => Descriptor::Empty,
            },
            None => Descriptor::Empty,
        };
        let output = match &job.stdout {
            Some(name) => {
                let node = self.tree.create(self.out, name, false)?;
                self.opened(node, true)?
            }
            None => Descriptor::Log,
        };
        for descriptor in [input, output, Descriptor::Log] {
            self.table.add(descriptor)?;
        }
        for (root, path) in ["/in", "/out", "/program"].into_iter().enumerate() {
            let mut open = Open::new(root, false);
            open.preopened = Some(path);
            self.tree.node_mut(root)?.opened += 1;
            self.table.add(Descriptor::Open(open))?;
        }
        Ok(())
    }

    fn opened(&mut self, node: NodeId, writable: bool) -> Result<Descriptor, errno::Errno> {
        self.tree.node_mut(node)?.opened += 1;
        Ok(Descriptor::Open(Open::new(node, writable)))
    }

    /// Ends the run: the plain files in `/out` by name with their scratch files, and the log.
    pub(super) fn finish(self) -> (Vec<(String, PathBuf)>, String) {
        (self.tree.written_in(self.out), self.log.into_text())
    }
}

fn terminated(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

/// What a system call answers to the program, or the end of the run.
pub(super) fn answer(answer: Answer) -> Result<i32, Stop> {
    match answer {
        Ok(()) => Ok(errno::SUCCESS),
        Err(tree::Refusal::Errno(errno)) => Ok(i32::from(errno.0)),
        Err(tree::Refusal::Stop(stop)) => Err(stop),
    }
}
