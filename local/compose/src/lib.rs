//! Plugs one component under another, as `wac plug` does, and says no where that would leave a component that only Spin
//! can run.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use wac_graph::{
    CompositionGraph, EncodeOptions, PlugError, plug,
    types::{Package, Types},
};

/// The packages of interfaces that only Spin has.
const SPINS_OWN: [&str; 2] = ["spin:", "fermyon:spin/"];

/// What a component asks of its host, and what it offers.
#[derive(Debug, PartialEq, Eq)]
pub struct Interfaces {
    /// The names of its imports.
    pub imports: BTreeSet<String>,
    /// The names of its exports.
    pub exports: BTreeSet<String>,
}

impl Interfaces {
    /// Those of a component, which is validated on the way.
    pub fn of(component: &[u8]) -> Result<Self> {
        let mut types = Types::default();
        let package = Package::from_bytes("component", None, component, &mut types)?;
        let world = &types[package.ty()];
        let imports = world.imports.keys().cloned().collect();
        Ok(Self { imports, exports: world.exports.keys().cloned().collect() })
    }

    /// The imports that only Spin has.
    pub fn of_spin(&self) -> Vec<&str> {
        let imports = self.imports.iter().map(String::as_str);
        imports.filter(|name| SPINS_OWN.iter().any(|package| name.starts_with(package))).collect()
    }
}

/// The socket with the plug's exports under its imports: the same exports, and no import left that only Spin has.
///
/// The same two files give the same bytes.
pub fn compose(socket: &[u8], plug: &[u8]) -> Result<Vec<u8>> {
    let needs = Interfaces::of(socket).context("the component to compose cannot be read")?;
    let offers = Interfaces::of(plug).context("the adapter cannot be read")?;
    let composed = plugged(socket, plug, &offers)?;
    let has = Interfaces::of(&composed).context("the composed component cannot be read")?;
    let left = has.of_spin();
    ensure!(
        left.is_empty(),
        "the composed component still imports what only Spin has: {}; the adapter stands in for {} and nothing else",
        left.join(", "),
        list(&offers.exports),
    );
    ensure!(
        has.exports == needs.exports,
        "composing has changed the exports: {} became {}",
        list(&needs.exports),
        list(&has.exports),
    );
    Ok(composed)
}

fn plugged(socket: &[u8], adapter: &[u8], offers: &Interfaces) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut register = |name, bytes: &[u8]| -> Result<_> {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
        Ok(graph.register_package(package)?)
    };
    let (socket, adapter) = (register("socket", socket)?, register("plug", adapter)?);
    match plug(&mut graph, vec![adapter], socket) {
        Err(PlugError::NoPlugHappened) => bail!(
            "there is nothing to plug: the component imports nothing of what the adapter offers ({})",
            list(&offers.exports),
        ),
        plugged => plugged.context("the adapter does not fit")?,
    }
    graph.encode(EncodeOptions::default()).context("the composed component cannot be written")
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
