//! `perennial user`: who may write when the service listens beyond loopback.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Context, Failure};
use crate::catalogue::{now, secrets::Secrets};

/// Make, list and remove administrators.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  perennial user add alice    prints a bearer token once; the store keeps only its digest"
)]
pub struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an administrator and print the bearer token, which cannot be shown again.
    Add { name: String },
    /// List the administrators.
    List,
    /// Take an administrator's rights away, at once.
    Remove { name: String },
}

impl User {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        std::fs::create_dir_all(&context.store)?;
        let secrets = Secrets::open(&context.store, false)?;
        match self.action {
            Action::Add { name } => {
                if name.trim().is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
                    return Err(Failure::usage("a user name has 1 to 100 bytes without control characters"));
                }
                let token = secrets.add_user(&name, now().to_string())?;
                if context.json {
                    println!("{}", serde_json::json!({ "user": name, "token": token }));
                } else {
                    println!("{token}");
                    eprintln!("This token is shown once. Send it as `Authorization: Bearer <token>`.");
                }
            }
            Action::List => {
                let users = secrets.users()?;
                if context.json {
                    let users: Vec<_> = users
                        .iter()
                        .map(
                            |user| serde_json::json!({ "user": user.name, "role": user.role, "created": user.created }),
                        )
                        .collect();
                    println!("{}", serde_json::Value::from(users));
                } else {
                    users.iter().for_each(|user| println!("{}\t{}\tsince {}", user.name, user.role, user.created));
                }
            }
            Action::Remove { name } => secrets.remove_user(&name)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
