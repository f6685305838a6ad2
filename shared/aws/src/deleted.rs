/// What came of a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is deleted, by us.
    Yes,
    /// Something else is there now, and it is still there.
    Changed,
    /// Nothing was there. It may be that an earlier try of the same call deleted it and its answer was lost.
    Gone,
}
