//! What this archive asks of others. So far the one client that leaves this machine; which endpoints may be asked, and what
//! for, is decided by who calls.

pub mod outbound;

pub mod breaker;
pub mod fan_out;
pub mod merge;
pub mod outcome;
