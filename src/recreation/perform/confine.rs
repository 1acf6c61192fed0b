//! Landlock: takes from the calling thread, and all that it starts, the right to touch other files. Beneath whatever
//! else isolates a run, and never instead of it.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};

/// The newest rules that are asked for; an older kernel holds those that it knows.
const WANTED: ABI = ABI::V6;

/// What may still be touched.
#[derive(Debug, Default)]
pub(super) struct Allowed<'a> {
    pub(super) read: Vec<&'a Path>,
    pub(super) write: Vec<&'a Path>,
}

/// Confines this thread. The answer names the layer as evidence does; `None` where the kernel has no Landlock.
///
/// # Errors
/// A reason, when the kernel has it and refuses: then nothing may be started.
pub(super) fn confine(allowed: &Allowed<'_>) -> Result<Option<String>, String> {
    let restricted = restrict(allowed).map_err(|error| format!("landlock: {error}"))?;
    match (restricted.landlock, restricted.ruleset) {
        (LandlockStatus::NotEnabled | LandlockStatus::NotImplemented, _) => Ok(None),
        (_, RulesetStatus::NotEnforced) => Err("landlock: the kernel has it and did not apply it".to_owned()),
        (LandlockStatus::Available { effective_abi, .. }, _) => {
            Ok(Some(format!("landlock abi {}", effective_abi as i32)))
        }
    }
}

fn restrict(allowed: &Allowed<'_>) -> Result<RestrictionStatus, Box<dyn std::error::Error>> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(WANTED))?
        .handle_access(AccessNet::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()?;
    let read = AccessFs::from_read(WANTED);
    let paths = allowed.read.iter().map(|path| (path, read));
    for (path, access) in paths.chain(allowed.write.iter().map(|path| (path, AccessFs::from_all(WANTED)))) {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, access))?;
    }
    Ok(rules.restrict_self()?)
}
