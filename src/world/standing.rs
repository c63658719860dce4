//! Where somebody stands in a work tree.

use std::path::{Component, Path, PathBuf};

use super::Checkout;

impl Checkout {
    /// The root as whoever stands in a folder calls it; none where they stand in it.
    #[must_use]
    pub fn root_from(&self, folder: &Path) -> Option<PathBuf> {
        let folder = folder.canonicalize().ok()?;
        match folder.strip_prefix(&self.root) {
            Ok(below) if below.as_os_str().is_empty() => None,
            Ok(below) => Some(below.components().map(|_| Component::ParentDir).collect()),
            Err(_) => Some(self.root.clone()),
        }
    }
}
