//! Pastes as people make them: files under `fixtures/paste`, and every combination that a generator can think of.

mod locks;
mod wordings;
mod errors;
mod wraps;
mod layers;

mod fixtures;
mod wrapped;
mod several;
mod hostile;
mod names;
