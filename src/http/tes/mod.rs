//! GA4GH TES 1.1 over HTTP (docs/tes.md): a service of its own, with no catalogue behind it. What tasks do is
//! `recreation::tes`.

mod handlers;
mod server;

pub use server::{TesOptions, TesServer, bind};
