//! Where a link leads, as far as its text tells.

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a place on the net, which nobody asks.
    Url,
    /// Nowhere: a scheme without a host.
    BadUrl,
    /// To a path below the root of the repository.
    Path(String),
    /// To a path elsewhere.
    Outside,
}

/// Tells where a link leads. A part of a document, after `#`, is left out.
#[must_use]
pub fn target(to: &str) -> Target {
    if let Some((scheme, rest)) = to.split_once("://") {
        return if is_url(scheme, rest) { Target::Url } else { Target::BadUrl };
    }
    let path = to.split('#').next().unwrap_or_default();
    if path.starts_with('/') {
        return Target::Outside;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part != ".." {
            parts.push(part);
        } else if parts.pop().is_none() {
            return Target::Outside;
        }
    }
    if parts.is_empty() { Target::Outside } else { Target::Path(parts.join("/")) }
}

fn is_url(scheme: &str, rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "0"));
    let named = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let labels = name.split('.').all(|label| !label.is_empty());
    let visible = !to_hide(rest);
    matches!(scheme, "http" | "https")
        && labels
        && name.chars().all(named)
        && port.parse::<u16>().is_ok()
        && visible
}

/// Characters that no URL has.
fn to_hide(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_scheme_and_a_host() {
        for good in [
            "https://example.com",
            "http://wiki:8080/a?b#c",
            "https://a.b/x/../y",
            "https://me@host/a",
        ] {
            assert_eq!(target(good), Target::Url, "{good}");
        }
        for bad in [
            "https://",
            "https:///a",
            "ftp://a.b/c",
            "https://a b/c",
            "https://a..b",
            "http://a:x/",
            "javascript://a",
            "https://a/<b>",
        ] {
            assert_eq!(target(bad), Target::BadUrl, "{bad}");
        }
    }

    #[test]
    fn a_path_stays_in_the_repository_or_does_not() {
        let path = |text: &str| Target::Path(text.to_owned());
        assert_eq!(target("docs/a.md"), path("docs/a.md"));
        assert_eq!(target("./docs/../a.md#part"), path("a.md"));
        for outside in ["../a.md", "a/../../b", "/etc/passwd", "", ".", "#part"] {
            assert_eq!(target(outside), Target::Outside, "{outside}");
        }
    }
}
