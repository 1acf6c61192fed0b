//! `perennial tes`: the sandbox as a GA4GH Task Execution Service.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::Failure;
use super::executor::read_token;
use crate::catalogue::now;
use crate::http::tes::{TesOptions, bind};
use crate::recreation::executors::Executors;
use crate::recreation::tes::{Queue, QueueSettings};

/// Serve GA4GH TES 1.1: whoever may use it runs programs in the sandbox.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial tes --files /srv/shared                          for programs of this machine
  perennial tes --files /srv/shared --listen 0.0.0.0:8000 --token-file token
Tasks name images `native` or `wasi:sha256-HEX`, and files of the shared folder alone. No store is needed.")]
pub struct Tes {
    /// The only folder whose files tasks may read and write.
    #[arg(long, value_name = "DIR")]
    files: PathBuf,
    /// Folder of the service's own for running tasks and compiled modules; made when it does not exist.
    #[arg(long, value_name = "DIR", default_value = "./tes-work")]
    work: PathBuf,
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8000", value_name = "ADDRESS")]
    listen: String,
    /// Tasks that run at once; 0 means one per core.
    #[arg(long, default_value_t = 0, value_name = "N")]
    at_once: usize,
    /// File of the token that clients must send; needed beyond loopback.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Tes {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let token = read_token(self.token_file.as_deref())?;
        let program = std::env::current_exe()
            .map_err(|error| Failure::store(format!("this program does not know where it is: {error}")))?;
        let at_once = match self.at_once {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            at_once => at_once,
        };
        let executor = Arc::new(Executors::new(program, self.work.join("modules")));
        let settings = QueueSettings { files: self.files, work: self.work, at_once, executor, clock: now };
        let queue = Arc::new(Queue::start(settings)?);
        let server = bind(Arc::clone(&queue), &TesOptions { listen: self.listen, token })?;
        let url = format!("http://{}", server.address());
        println!("listening on {url}");
        tracing::info!(url, files = %queue.files().display(), "serving tasks");
        let served = server.run_until(std::future::pending());
        queue.close();
        served?;
        Ok(ExitCode::SUCCESS)
    }
}
