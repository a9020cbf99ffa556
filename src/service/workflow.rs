//! The machines as they are answered, made from the table that decides.

use crate::domain::act::Action;
use crate::domain::guard::Guard;
use crate::domain::people::Role;
use crate::domain::proposal::{Menu, State};
use crate::domain::workflow::{self, Door, Route};
use serde::Serialize;
use utoipa::ToSchema;

/// The machine of a menu.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Machine {
    /// Which menu.
    pub menu: Menu,
    /// Its states, and whether each is an end.
    pub states: Vec<StateView>,
    /// Its arrows.
    pub arrows: Vec<ArrowView>,
    /// The same as a Mermaid diagram.
    pub mermaid: String,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StateView {
    /// Its name.
    pub state: State,
    /// Whether nothing more happens.
    pub end: bool,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ArrowView {
    /// From.
    pub from: State,
    /// By.
    pub action: Action,
    /// To.
    pub to: State,
    /// Whose arrow it is.
    pub role: Role,
    /// Which of two with the same start and action.
    pub route: Route,
    /// What has to hold.
    pub guards: Vec<Guard>,
    /// Who is told.
    pub tells: Vec<Role>,
    /// The call that takes it.
    pub via: Door,
    /// The fields of `data` that it reads.
    pub data: Vec<&'static str>,
}

/// The machine of a menu.
pub fn machine(menu: Menu) -> Machine {
    let arrows: Vec<ArrowView> = workflow::arrows(menu)
        .map(|arrow| ArrowView {
            from: arrow.from,
            action: arrow.action,
            to: arrow.to,
            role: arrow.role,
            route: arrow.route,
            guards: arrow.guards.to_vec(),
            tells: arrow.tells.to_vec(),
            via: arrow.door(),
            data: arrow.action.fields().to_vec(),
        })
        .collect();
    let used = |state: State| arrows.iter().any(|arrow| arrow.from == state || arrow.to == state);
    let states = State::ALL
        .iter()
        .filter(|state| used(**state))
        .map(|state| StateView { state: *state, end: state.is_end() })
        .collect();
    Machine { menu, states, arrows, mermaid: workflow::mermaid(menu) }
}
