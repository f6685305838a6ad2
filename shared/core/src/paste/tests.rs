//! Pastes as people make them: files under `fixtures/paste`, and every combination that a generator can think of.

mod fixtures;
mod hostile;
mod names;
mod render;
mod wrapped;
