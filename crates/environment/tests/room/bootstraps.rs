//! Our bootstraps, run by the interpreters of this host.

mod nodejs;
mod python;

use std::sync::Arc;

use lanthorn_environment::{Handle, start};
use lanthorn_model::function::Function;
use lanthorn_model::invocation::{Completion, Invocation};
use lanthorn_model::runtime::Family;

use crate::support::{House, function};
use crate::unboxed::Unboxed;

/// A function of one language, and its environment.
struct Stage {
    house: House,
    handle: Handle,
}

impl Stage {
    /// A function whose code is `files`, changed by `change`, in the newest `family` of this host. None if there is
    /// none, which is said.
    async fn set(
        family: Family,
        handler: &str,
        files: &[(&str, &str)],
        change: impl FnOnce(&mut Function),
    ) -> Option<Self> {
        let house = House::on_this_host(Arc::new(Unboxed));
        house.rooms.runtimes.settled().await;
        let available = house.rooms.runtimes.available();
        let Some((runtime, _)) = available.iter().rfind(|(runtime, _)| runtime.family() == family) else {
            eprintln!("skipped: this host has no {family:?}");
            return None;
        };
        files.iter().for_each(|(name, text)| house.write(name, text));
        let mut function = function(runtime.as_str(), handler);
        change(&mut function);
        let handle = start(&house.rooms, Arc::new(function));
        Some(Self { house, handle })
    }

    async fn call(&self, invocation: Invocation) -> Completion {
        let completion = self.handle.invoke(invocation).await.expect("the environment stands");
        self.handle.ready().await;
        completion
    }

    async fn leave(self) {
        self.handle.retire();
        self.handle.gone().await;
    }
}
