//! The HTTP service: one process, several protocol faces over one catalogue.

mod accept;
mod app;
mod auth;
mod body;
mod conditional;
mod export;
pub mod faces;
mod interval;
mod limits;
mod lines;
mod metrics;
pub mod openapi;
pub mod openapi30;
mod parameters;
mod problem;
mod range;
mod region;
mod server;
mod spool;
mod state;
pub mod tes;
mod trace;

pub use parameters::Parameters;
pub use problem::Problem;
pub use server::{ServeError, ServeOptions, Server, bind};

/// A route for reading: GET, and HEAD, whose answer is the same without its body (RFC 9110 § 9.3.2).
fn read() -> actix_web::Route {
    use actix_web::guard::{Any, Get, Head};
    actix_web::web::route().guard(Any(Get()).or(Head()))
}

/// Runs work that reads or writes disks on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, crate::catalogue::Error> + Send + 'static,
) -> Result<T, Problem> {
    match actix_web::web::block(work).await {
        Ok(done) => done.map_err(Problem::from),
        Err(_) => Err(crate::catalogue::Error::Unavailable { reason: "the service is stopping".to_owned() }.into()),
    }
}
