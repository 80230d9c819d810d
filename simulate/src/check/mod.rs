//! What must hold: [`effects`] and [`told`] look as it happens, [`end`] when all is over.

pub(crate) mod calls;
pub(crate) mod effects;
pub(crate) mod end;
pub(crate) mod restraint;
pub(crate) mod told;
