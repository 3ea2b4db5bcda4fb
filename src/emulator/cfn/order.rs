//! What was ordered to go wrong with resources to come.

use std::time::Duration;

use crate::emulator::glob;

/// Orders in force, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders(Vec<Order>);

/// What happens to one resource the next time a stack makes or changes it.
#[derive(Debug, Clone)]
pub struct Order {
    /// The stack's name; `*` and `?` are wildcards.
    pub stack: String,
    /// The resource in its template; `*` and `?` are wildcards.
    pub resource: String,
    /// It fails for this reason.
    pub reason: Option<String>,
    /// It takes so long.
    pub takes: Option<Duration>,
}

impl Order {
    fn strikes(&self, stack: &str, resource: &str) -> bool {
        glob::fits(&self.stack, stack) && glob::fits(&self.resource, resource)
    }
}

impl Orders {
    pub(super) fn add(&mut self, order: Order) {
        self.0.push(order);
    }

    pub(super) fn replace(&mut self, orders: Vec<Order>) {
        self.0 = orders;
    }

    /// How long a resource takes that is about to be made or changed.
    pub(super) fn delay(&self, stack: &str, resource: &str) -> Option<Duration> {
        let mut orders = self.0.iter();
        orders
            .find(|order| order.strikes(stack, resource))
            .and_then(|order| order.takes)
    }

    /// The order that strikes a resource that is made or changed now; one order strikes once.
    pub(super) fn take(&mut self, stack: &str, resource: &str) -> Option<Order> {
        let mut orders = self.0.iter();
        let at = orders.position(|order| order.strikes(stack, resource))?;
        Some(self.0.remove(at))
    }
}
