//! The rules of a harvest as pure decisions: from when on to ask, what a host allows, when a listing is no listing, what may
//! be deleted. Carries no bytes: `catalogue::harvest` does that by these rules.

pub mod guard;
pub mod paging;
pub mod robots;
pub mod window;
