//! What this archive asks of others. So far the one client that leaves this machine; which endpoints may be asked, and what
//! for, is decided by who calls.

pub mod harvest;
pub mod markup;
pub mod outbound;
