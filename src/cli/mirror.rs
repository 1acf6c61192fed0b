//! `perennial mirror`: follow the log of another Perennial.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{Context, Failure, reach};
use crate::catalogue::mirror::{Follower, MirrorError, Progress};
use crate::catalogue::{Catalogue, Options, Settings};

/// Make this store a copy of another Perennial: its log line by line, its payloads by digest.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial --store copy mirror https://archive.example.org            begin, or catch up, and end
  perennial --store copy mirror https://archive.example.org --follow   and stay
  perennial --store copy serve                                         offer the copy; it goes on following")]
pub struct Mirror {
    /// Base address of the service to follow.
    pub url: String,
    /// Go on until it is ended.
    #[arg(long)]
    pub follow: bool,
    /// Seconds between two questions when there is nothing new.
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    pub every: f64,
    /// Bearer token of a user of the source, for its payloads.
    #[arg(long, env = "PERENNIAL_MIRROR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    #[command(flatten)]
    pub reach: reach::Reach,
}

impl Mirror {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let settings = Settings { outbound: self.reach.settings()?, ..Settings::default() };
        let catalogue = Catalogue::open(&context.store, &Options { settings, ..Options::default() })?;
        let followed = self.follow(&catalogue, context.json);
        catalogue.close();
        followed.map(|()| ExitCode::SUCCESS).map_err(|error| Failure::store(error.to_string()))
    }

    fn follow(&self, catalogue: &Catalogue, json: bool) -> Result<(), MirrorError> {
        let follower = Follower::new(catalogue, &self.url, self.token.clone())?;
        loop {
            let step = follower.step();
            match step {
                Ok(progress) => {
                    say(&progress, json);
                    if !progress.verified {
                        continue;
                    }
                    if !self.follow {
                        return Ok(());
                    }
                }
                Err(error @ (MirrorError::Outbound { .. } | MirrorError::Status { .. })) if self.follow => {
                    tracing::warn!(%error, "the source does not answer; trying again");
                }
                Err(error) => return Err(error),
            }
            std::thread::sleep(Duration::from_secs_f64(self.every.clamp(0.01, 86_400.0)));
        }
    }
}

fn say(progress: &Progress, json: bool) {
    let Progress { size, of, lines, payloads, missing, verified } = progress;
    if json {
        let line = serde_json::json!({ "size": size, "of": of, "lines": lines, "payloads": payloads, "missing": missing, "verified": verified });
        println!("{line}");
    } else if *lines > 0 {
        let missing = if *missing > 0 { format!(", {missing} that the source does not hold") } else { String::new() };
        println!("{size} of {of} lines ({lines} new, {payloads} payloads{missing})");
    } else if *verified {
        tracing::debug!(size, "nothing new");
    }
}

/// Follows on a thread of its own, as long as there is the catalogue.
///
/// # Errors
/// When no thread can be started.
pub fn follow_beside(
    catalogue: &Arc<Catalogue>,
    url: String,
    token: Option<String>,
    every: Duration,
) -> Result<(), Failure> {
    let watched = Arc::downgrade(catalogue);
    let follow = move || {
        while let Some(catalogue) = watched.upgrade() {
            let step = Follower::new(&catalogue, &url, token.clone()).and_then(|follower| follower.step());
            let pause = match step {
                Ok(progress) if !progress.verified => Duration::ZERO,
                Ok(_) => every,
                Err(error) => {
                    tracing::warn!(%error, "the mirror does not follow");
                    every.max(Duration::from_secs(1))
                }
            };
            drop(catalogue);
            std::thread::sleep(pause);
        }
    };
    let started = std::thread::Builder::new().name("mirror".to_owned()).spawn(follow);
    started.map(drop).map_err(|error| Failure::store(format!("a thread cannot be started: {error}")))
}
