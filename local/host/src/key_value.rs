//! `spin:key-value@3.0.0` on the [`Store`].

use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use crate::instance::Instance;
use crate::instance::bindings::spin::key_value::key_value::{Error, Host, HostStore, HostStoreWithStore};
use crate::store::Store;

/// As many stores as Spin lets an instance hold open, so that a leak shows here too.
const MOST_OPEN_STORES: usize = 256;

/// A store the component has opened.
pub struct OpenStore {
    label: String,
}

type Reply<T> = wasmtime::Result<Result<T, Error>>;

impl Host for Instance {}

impl HostStore for Instance {
    async fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        self.open_stores -= 1;
        Ok(())
    }
}

impl<T: Send> HostStoreWithStore<T> for HasSelf<Instance> {
    async fn open(instance: &Accessor<T, Self>, label: String) -> Reply<Resource<OpenStore>> {
        let granted =
            instance.with(|mut access| access.get().shared.component.key_value_stores.contains(&label));
        if !granted {
            return Ok(Err(Error::AccessDenied));
        }
        if let Err(error) = run(instance, Store::open).await {
            return Ok(Err(error));
        }
        instance.with(|mut access| {
            let instance = access.get();
            if instance.open_stores == MOST_OPEN_STORES {
                return Ok(Err(Error::StoreTableFull));
            }
            instance.open_stores += 1;
            Ok(Ok(instance.table.push(OpenStore { label })?))
        })
    }

    async fn get(
        instance: &Accessor<T, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> Reply<Option<Vec<u8>>> {
        let label = label(instance, &store)?;
        Ok(run(instance, move |store| store.get(&label, &key)).await)
    }

    async fn set(
        instance: &Accessor<T, Self>,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Reply<()> {
        let label = label(instance, &store)?;
        Ok(run(instance, move |store| store.set(&label, &key, &value)).await)
    }

    async fn delete(instance: &Accessor<T, Self>, store: Resource<OpenStore>, key: String) -> Reply<()> {
        let label = label(instance, &store)?;
        Ok(run(instance, move |store| store.delete(&label, &key)).await)
    }

    async fn exists(instance: &Accessor<T, Self>, store: Resource<OpenStore>, key: String) -> Reply<bool> {
        let label = label(instance, &store)?;
        Ok(run(instance, move |store| store.exists(&label, &key)).await)
    }

    async fn get_keys(
        instance: &Accessor<T, Self>,
        store: Resource<OpenStore>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let label = label(instance, &store)?;
        // All keys are read before the first is handed over: a laptop's store fits into memory many times.
        let (keys, end) = match run(instance, move |store| store.keys(&label)).await {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        instance.with(|mut access| {
            let end = std::future::ready(Ok::<_, wasmtime::Error>(end));
            Ok((StreamReader::new(&mut access, keys)?, FutureReader::new(&mut access, end)?))
        })
    }
}

fn label<T>(
    instance: &Accessor<T, HasSelf<Instance>>,
    store: &Resource<OpenStore>,
) -> wasmtime::Result<String> {
    instance.with(|mut access| Ok(access.get().table.get(store)?.label.clone()))
}

/// Does the blocking work where it blocks no other request.
async fn run<T, R: Send + 'static>(
    instance: &Accessor<T, HasSelf<Instance>>,
    work: impl FnOnce(&Store) -> anyhow::Result<R> + Send + 'static,
) -> Result<R, Error> {
    let shared = instance.with(|mut access| access.get().shared.clone());
    match tokio::task::spawn_blocking(move || work(&shared.store)).await {
        Ok(result) => result.map_err(|error| Error::Other(format!("{error:#}"))),
        Err(panic) => Err(Error::Other(format!("the store's thread failed: {panic}"))),
    }
}
