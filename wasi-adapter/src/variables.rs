//! `spin:variables/variables` over `wasi:config/store`.

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
            Ok(None) => Err(Error::Undefined(name)),
            Err(wasi::Error::Upstream(words) | wasi::Error::Io(words)) => Err(Error::Provider(words)),
        }
    }
}
