//! What is packed in a text, however deep.

use std::io::Read;
use std::rc::Rc;

use super::archive::{self, Kind};
use super::{DEEPEST, Fresh, Judge, Origin, Stands, TOO_LARGE};
use crate::world::WorldError;

impl Judge<'_> {
    /// What is packed in a text; all of it counts as new where that is.
    pub(super) fn packed(
        &mut self,
        (origin, kind): (Origin<'_>, Kind),
        head: &[u8],
        all: &mut dyn Read,
    ) -> Result<Vec<Fresh>, WorldError> {
        if self.depth == DEEPEST {
            self.skip(origin, "is packed too deep");
            // All but tar was looked at as it is.
            return if kind == Kind::Tar { self.rest(origin, all) } else { Ok(Vec::new()) };
        }
        if self.depth == 0 {
            self.budget = Rc::default();
        }
        self.depth += 1;
        let (mut fresh, budget) = (Vec::new(), Rc::clone(&self.budget));
        let mut see = |name: Option<&[u8]>, content: &mut dyn Read| {
            fresh.extend(self.member(origin, name, content)?);
            Ok(())
        };
        let read = match kind {
            Kind::Zip => archive::zip(head, &budget, &mut see),
            Kind::Gzip => archive::gzip((all, stem(origin.path)), &budget, &mut see),
            Kind::Tar => archive::tar(all, &mut see),
            Kind::Other => Ok(Some("is compressed in a way that is not undone")),
        };
        self.depth -= 1;
        if let Some(why) = read? {
            self.skip(origin, why);
        }
        Ok(fresh.into_iter().map(|(leak, _)| (leak, Stands::Anew)).collect())
    }

    /// A file that is packed in another one; what has no name is the rest of that.
    fn member(
        &mut self,
        origin: Origin<'_>,
        name: Option<&[u8]>,
        content: &mut dyn Read,
    ) -> Result<Vec<Fresh>, WorldError> {
        let Some(name) = name else { return self.rest(origin, content) };
        let path = [origin.path, b"!/", name].concat();
        let origin = Origin { path: &path, ..origin };
        let mut fresh = self.name(origin, name);
        fresh.extend(self.read(origin, content)?);
        Ok(fresh)
    }

    /// Judges bytes as they are, whatever they begin like.
    fn rest(
        &mut self,
        origin: Origin<'_>,
        content: &mut dyn Read,
    ) -> Result<Vec<Fresh>, WorldError> {
        let unread = WorldError::io("read", String::from_utf8_lossy(origin.path));
        let (fresh, is_archive) = self.pieces(origin, content).map_err(unread)?;
        if is_archive {
            self.skip(origin, TOO_LARGE);
        }
        Ok(fresh)
    }
}

/// What a file is called once gzip is undone: its name without the last extension.
fn stem(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}
