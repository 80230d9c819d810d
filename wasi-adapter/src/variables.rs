//! `spin:variables/variables` over `wasi:config/store`, and where that has no value over the environment, by the names
//! that Spin's own provider reads there.

use std::env;

use crate::{
    bindings::{
        Adapter,
        exports::spin::variables::variables::{Error, Guest},
        wasi::config::store as wasi,
    },
    name,
};

impl Guest for Adapter {
    async fn get(name: String) -> Result<String, Error> {
        if let Some(problem) = name::problem(&name) {
            return Err(Error::InvalidName(problem));
        }
        match wasi::get(&name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => env::var(name::in_environment(&name)).map_err(|_| Error::Undefined(name)),
            Err(wasi::Error::Upstream(words) | wasi::Error::Io(words)) => Err(Error::Provider(words)),
        }
    }
}
