//! What every instance of the component has: its WASI contexts, its handles, and the way to what all instances share.

use std::sync::Arc;

use wasmtime::component::{Accessor, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::clock::{self, MovedClock};
use crate::manifest::Component;
use crate::memory::{Meter, Peak};
use crate::outbound::Outbound;
use crate::output::Lines;
use crate::store::Store;
use crate::variables::{Denied, Variables};

/// Spin's interfaces, generated from `wit/`.
pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "alertcap:host/imports",
        imports: { default: async | trappable },
        with: { "spin:key-value/key-value.store": crate::key_value::OpenStore },
    });
}

use bindings::spin::{key_value, variables};

/// What all instances share.
pub struct Shared {
    /// The component as the manifest describes it.
    pub component: Component,
    /// Its variables.
    pub variables: Variables,
    /// Its key-value stores.
    pub store: Store,
    /// Its way out.
    pub outbound: Outbound,
    /// Its clock, where that is not the machine's.
    pub clock: Option<MovedClock>,
    /// The most memory that an instance of it has had.
    pub memory: Arc<Peak>,
}

/// The state of one instance.
pub struct Instance {
    /// What it shares with the others.
    pub shared: Arc<Shared>,
    /// Everything the component holds a handle of.
    pub table: ResourceTable,
    /// How many of these are stores.
    pub open_stores: usize,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    pub(crate) memory: Meter,
}

impl Instance {
    /// A fresh one.
    pub fn new(shared: Arc<Shared>) -> Self {
        // No files, no environment, no sockets: as in Spin, HTTP is the only way out.
        let mut wasi = WasiCtxBuilder::new();
        wasi.stdout(Lines::default()).stderr(Lines::default());
        if let Some(clock) = &shared.clock {
            wasi.wall_clock(clock.clone());
        }
        let wasi = wasi.build();
        let outbound = shared.outbound.clone();
        let memory = Meter { peak: shared.memory.clone() };
        let (table, http) = (ResourceTable::new(), WasiHttpCtx::new());
        Self { shared, table, open_stores: 0, wasi, http, outbound, memory }
    }

    /// Makes everything a component may import known to `linker`; its clock can be `moved` or not.
    pub fn add_to_linker(linker: &mut Linker<Self>, moved: bool) -> wasmtime::Result<()> {
        wasmtime_wasi::p2::add_to_linker_async(linker)?;
        wasmtime_wasi::p3::add_to_linker(linker)?;
        if moved {
            clock::add_to_linker(linker)?;
        }
        wasmtime_wasi_http::p3::add_to_linker(linker)?;
        key_value::key_value::add_to_linker::<_, HasSelf<Self>>(linker, |instance| instance)?;
        variables::variables::add_to_linker::<_, HasSelf<Self>>(linker, |instance| instance)
    }
}

impl WasiView for Instance {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Instance {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}

impl variables::variables::Host for Instance {}

impl<T: Send> variables::variables::HostWithStore<T> for HasSelf<Instance> {
    async fn get(
        instance: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, variables::variables::Error>> {
        let shared = instance.with(|mut access| access.get().shared.clone());
        Ok(shared.variables.get(&name).map(str::to_owned).map_err(|denied| match denied {
            Denied::InvalidName(why) => variables::variables::Error::InvalidName(why),
            Denied::Undefined(why) => variables::variables::Error::Undefined(why),
        }))
    }
}
