//! What a push brings: all that the other side is not known to have.
//!
//! What git says of it, while it pushes, is so. What its branches here lead to is as old as the last fetch, and of
//! wherever that went: it counts as far as git says nothing else.

use super::commits::Walk;
use super::git::Checkout;
use super::staged::garbled;
use super::{ObjectId, WorldError};

/// What git tells of a reference that is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The name of the reference on the other side.
    pub name: String,
    /// What it leads to from now on; nothing where it is taken away.
    pub ours: Option<ObjectId>,
    /// What it leads to until now; nothing where there was none of this name.
    pub theirs: Option<ObjectId>,
}

/// What a push puts where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The name of the reference on the other side.
    pub name: String,
    /// Whether there was none of this name.
    pub is_new: bool,
    /// What it leads to from now on.
    pub object: ObjectId,
}

impl Told {
    /// What is put there.
    #[must_use]
    pub fn pushed(&self) -> Option<Pushed> {
        let object = self.ours.clone()?;
        Some(Pushed { name: self.name.clone(), is_new: self.theirs.is_none(), object })
    }
}

/// What the other side of a push is known to have.
#[derive(Debug, Clone, Default)]
pub struct Theirs {
    /// The commits at hand that it says that it has, each with `^`.
    ids: Vec<String>,
    /// Which of its branches here leave something out, as `rev-list` is told.
    args: Vec<String>,
    /// Why none of them does, though there are some.
    pub doubt: Option<Doubt>,
}

/// Why nobody knows what the other side has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It says otherwise than its branches here, and nothing that it says is as they are.
    Stale,
    /// Its branches here were fetched from elsewhere.
    Elsewhere,
    /// It was never fetched here.
    Unfetched,
}

/// A branch of another side, as it was when it was last heard of.
struct Tracked {
    /// Its name there.
    branch: String,
    object: ObjectId,
    /// What it stands for, where that is another one of them.
    means: Option<String>,
}

impl Checkout {
    /// Tells what the other side has: what it said of the references that are pushed, and what its branches here
    /// lead to, as far as that does not contradict it.
    pub fn known_there(
        &self,
        (remote, url): (&str, Option<&str>),
        told: &[Told],
    ) -> Result<Theirs, WorldError> {
        let mut theirs = Theirs::default();
        for known in told.iter().filter_map(|told| told.theirs.as_ref()) {
            // What is not at hand leaves nothing out.
            let here = self.commit_named(known.as_str())?;
            theirs.ids.extend(here.map(|id| format!("^{}", id.as_str())));
        }
        let tracked = self.tracked(remote)?;
        if tracked.is_empty() {
            let has_name = url != Some(remote);
            theirs.doubt = Some(if has_name { Doubt::Unfetched } else { Doubt::Elsewhere });
            return Ok(theirs);
        }
        // Where a remote has no name, its URL stands for it.
        if let Some(url) = url.filter(|url| *url != remote)
            && !self.is_fetched_from(remote, url)?
        {
            theirs.doubt = Some(Doubt::Elsewhere);
            return Ok(theirs);
        }
        let (mut agree, mut gone) = (false, Vec::new());
        for (told, known) in told.iter().filter_map(|told| Some((told, told.among(&tracked)?))) {
            let is_so = match &told.theirs {
                Some(said) => self.descends(said, &known.object)?,
                None => false,
            };
            match is_so {
                true => agree = true,
                false => gone.push(known.branch.as_str()),
            }
        }
        if !agree && !gone.is_empty() {
            theirs.doubt = Some(Doubt::Stale);
            return Ok(theirs);
        }
        let is_gone = |it: &&Tracked| {
            let names = [Some(it.branch.as_str()), it.means.as_deref()];
            names.into_iter().flatten().any(|name| gone.contains(&name))
        };
        let without = tracked.iter().filter(is_gone);
        theirs.args.push("--not".to_owned());
        theirs.args.extend(without.map(|it| format!("--exclude={remote}/{}", it.branch)));
        // The name of another remote may begin as this one's.
        let others = self.repository.as_ref().and_then(|repository| repository.remotes().ok());
        let others = others.iter().flat_map(|all| all.iter().flatten().flatten());
        let within = others.filter(|other| other.starts_with(&format!("{remote}/")));
        theirs.args.extend(within.map(|other| format!("--exclude={other}/*")));
        theirs.args.push(format!("--remotes={remote}"));
        Ok(theirs)
    }

    /// The commits and tags that a push of these objects brings.
    pub fn walk_pushed(&self, tips: &[Pushed], theirs: &Theirs) -> Result<Walk, WorldError> {
        let mut walk = Walk::default();
        walk.args.clone_from(&theirs.args);
        for tip in tips {
            self.follow(&tip.name, &tip.object, &mut walk)?;
        }
        walk.ids.extend(tips.iter().map(|tip| tip.object.as_str().to_owned()));
        walk.ids.extend(theirs.ids.iter().cloned());
        walk.names.extend(tips.iter().filter(|tip| tip.is_new).map(|tip| tip.name.clone()));
        Ok(walk)
    }

    /// Lists what is known here of another side's branches.
    fn tracked(&self, remote: &str) -> Result<Vec<Tracked>, WorldError> {
        let doing = "list the branches of the other side";
        let folder = format!("refs/remotes/{remote}/");
        let args = ["for-each-ref", "--format=%(objectname) %(refname) %(symref)", &folder];
        let listed = self.program.ask(doing, &args)?;
        let listed = String::from_utf8_lossy(&listed);
        let one = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            let &[id, name, means] = words.as_slice() else { return None };
            let branch = name.strip_prefix(&folder)?.to_owned();
            let means = means.strip_prefix(&folder).map(str::to_owned);
            Some(Tracked { branch, object: ObjectId::parse(id.as_bytes())?, means })
        };
        listed.lines().map(|line| one(line).ok_or_else(|| garbled(doing))).collect()
    }

    /// Tells whether the branches of a remote come from where a URL leads to. It may be pushed to elsewhere.
    fn is_fetched_from(&self, remote: &str, url: &str) -> Result<bool, WorldError> {
        let output = self.program.run(&["remote", "get-url", "--all", "--", remote])?;
        // Where it knows no such remote any more, they come from nowhere.
        let urls = String::from_utf8_lossy(&output.stdout);
        Ok(output.status.success() && urls.lines().any(|own| Place::of(own).is(&Place::of(url))))
    }
}

impl Told {
    /// The branch of the same name, as it is known here.
    fn among<'t>(&self, tracked: &'t [Tracked]) -> Option<&'t Tracked> {
        let branch = self.name.strip_prefix("refs/heads/")?;
        tracked.iter().find(|it| it.branch == branch)
    }
}

/// Where a URL leads to, whoever asks, and by whatever protocol.
#[derive(Debug, PartialEq, Eq)]
struct Place<'u> {
    scheme: &'u str,
    /// Empty on this machine.
    host: String,
    port: Option<&'u str>,
    path: &'u str,
}

impl<'u> Place<'u> {
    /// Reads `SCHEME://USER@HOST:PORT/PATH`, what ssh takes for short (`USER@HOST:PATH`), or a path.
    fn of(url: &'u str) -> Self {
        let local = ("", None, url);
        let (scheme, (host, port, path)) = match url.split_once("://") {
            Some((scheme, rest)) => {
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
                match host.rsplit_once(':').filter(|(_, port)| is_port(port)) {
                    Some((host, port)) => (scheme, (host, Some(port), path)),
                    None => (scheme, (host, None, path)),
                }
            }
            None => match url.split_once(':').filter(|(host, _)| !host.contains('/')) {
                Some((host, path)) => {
                    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                    ("ssh", (host, None, path))
                }
                None => ("file", local),
            },
        };
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
        // Only a path of this machine says by its beginning where it begins.
        let path = if host.is_empty() { path } else { path.trim_start_matches('/') };
        Self { scheme, host: host.to_ascii_lowercase(), port, path }
    }

    /// Tells whether two are the same. A port tells servers apart that speak one protocol, and protocols of one server.
    fn is(&self, other: &Self) -> bool {
        let same = self.host == other.host && self.path == other.path;
        same && (self.scheme != other.scheme || self.port == other.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::Repo;

    const URL: &str = "https://forge.example.com/acme/site.git";

    /// A repository of three commits with what is known of `origin`, in names and commits.
    fn repo(known: &[(&str, &str)]) -> Repo {
        let repo = Repo::new();
        for text in ["one", "two", "three"] {
            repo.commit("a", text);
        }
        repo.git(&["remote", "add", "origin", URL]);
        for (name, commit) in known {
            repo.git(&["update-ref", &format!("refs/remotes/origin/{name}"), commit]);
        }
        repo
    }

    /// How many commits a push brings of which git tells this, and why nothing is left out for what is known here.
    fn brings(
        repo: &Repo,
        (remote, url): (&str, Option<&str>),
        told: &[(&str, &str)],
    ) -> (usize, Option<Doubt>) {
        let checkout = repo.checkout();
        let tip = checkout.head_commit().unwrap();
        let gone = || ObjectId::parse(&[b'1'; 40]);
        let said = |name: &str| match name {
            "" => None,
            "unknown" => gone(),
            name => checkout.commit_named(name).unwrap(),
        };
        let one = |(name, theirs): &(&str, &str)| {
            let name = format!("refs/heads/{name}");
            Told { name, ours: tip.clone(), theirs: said(theirs) }
        };
        let told: Vec<_> = told.iter().map(one).collect();
        let theirs = checkout.known_there((remote, url), &told).unwrap();
        let pushed: Vec<_> = told.iter().filter_map(Told::pushed).collect();
        let walk = checkout.walk_pushed(&pushed, &theirs).unwrap();
        (checkout.count_commits(&walk).unwrap(), theirs.doubt)
    }

    #[test]
    fn a_push_brings_what_the_other_side_is_not_known_to_have() {
        let repo = repo(&[("main", "HEAD~1")]);
        let origin = ("origin", Some(URL));
        assert_eq!(brings(&repo, origin, &[("new", "")]), (1, None));
        assert_eq!(brings(&repo, origin, &[("main", "HEAD~1")]), (1, None));
        assert_eq!(brings(&repo, origin, &[("main", "HEAD")]), (0, None));
        assert_eq!(brings(&repo, ("origin", None), &[("new", "")]), (1, None));
        let elsewhere = ("/elsewhere", Some("/elsewhere"));
        let doubt = Some(Doubt::Elsewhere);
        assert_eq!(brings(&repo, elsewhere, &[("main", "")]), (3, doubt));
        assert_eq!(brings(&repo, elsewhere, &[("main", "HEAD~2")]), (2, doubt));
        assert_eq!(brings(&repo, elsewhere, &[("main", "unknown")]), (3, doubt));
        let named = ("fork", Some("/elsewhere"));
        assert_eq!(brings(&repo, named, &[("main", "")]), (3, Some(Doubt::Unfetched)));
        // What another remote has is not this one's, though its name begins so.
        repo.git(&["remote", "add", "origin/x", "/elsewhere"]);
        repo.git(&["update-ref", "refs/remotes/origin/x/main", "HEAD"]);
        assert_eq!(brings(&repo, origin, &[("new", "")]), (1, None));
    }

    #[test]
    fn what_it_says_itself_goes_before_what_was_heard_of_it() {
        let repo = repo(&[("main", "HEAD~1"), ("old", "HEAD")]);
        repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        let origin = ("origin", Some(URL));
        let stale = Some(Doubt::Stale);
        assert_eq!(brings(&repo, origin, &[("main", "")]), (3, stale));
        assert_eq!(brings(&repo, origin, &[("main", "unknown")]), (3, stale));
        assert_eq!(brings(&repo, origin, &[("main", "HEAD~2")]), (2, stale));
        // One is as it was known, so only the other one is gone.
        assert_eq!(brings(&repo, origin, &[("main", "HEAD~1"), ("old", "")]), (1, None));
        repo.git(&["update-ref", "refs/remotes/origin/side", "HEAD~2"]);
        assert_eq!(brings(&repo, origin, &[("side", "HEAD~2"), ("old", "")]), (1, None));
        repo.git(&["update-ref", "-d", "refs/remotes/origin/old"]);
        // `HEAD` there is what is gone by its other name.
        assert_eq!(brings(&repo, origin, &[("side", "HEAD~2"), ("main", "")]), (2, None));
    }

    #[test]
    fn what_was_fetched_from_elsewhere_says_nothing() {
        let repo = repo(&[("main", "HEAD")]);
        let brings = |url: &str| brings(&repo, ("origin", Some(url)), &[("new", "")]);
        assert_eq!(brings("git@forge.example.com:acme/site"), (0, None));
        let elsewhere = (3, Some(Doubt::Elsewhere));
        assert_eq!(brings("git@public.example.org:acme/site.git"), elsewhere);
        assert_eq!(brings("https://forge.example.com/ana/site.git"), elsewhere);
        repo.git(&["config", "--remove-section", "remote.origin"]);
        assert_eq!(brings(URL), elsewhere);
    }

    #[test]
    fn urls_of_one_place() {
        let same = |one: &str, other: &str| Place::of(one).is(&Place::of(other));
        for other in [
            "https://token@Forge.example.com/acme/site",
            "ssh://git@forge.example.com:2222/acme/site.git/",
            "git@forge.example.com:acme/site.git",
            "forge.example.com:/acme/site",
        ] {
            assert!(same(URL, other), "{other}");
        }
        assert!(same("/srv/a.git", "file:///srv/a"));
        assert!(same("../a", "../a/"));
        for (one, other) in [
            (URL, "https://forge.example.com/acme/site-2"),
            (URL, "https://forge.example.com:8443/acme/site"),
            (URL, "https://forge.example.org/acme/site"),
            ("/srv/a", "srv/a"),
            ("./b:c", "b:c"),
            ("ssh://[::1]/a", "ssh://[::2]/a"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
