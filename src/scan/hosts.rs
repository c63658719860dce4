//! Hosts that a credential opens nothing at from elsewhere: this machine, and names that are reserved.

/// Names that no host of the net has: RFC 2606 and RFC 6761.
const RESERVED: [&str; 7] =
    ["example.com", "example.org", "example.net", "example", "test", "invalid", "localhost"];

/// Tells whether an address's `@` and such a host stand at a place: what comes before is the password for it.
pub(super) fn follow(text: &[u8], at: usize) -> bool {
    let Some(b'@') = text.get(at) else { return false };
    let rest = &text[at + 1..text.len().min(at + 256)];
    let is_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    if rest.starts_with(b"[::1]") {
        return true;
    }
    let host = &rest[..rest.iter().take_while(|b| is_host(b)).count()];
    is_own(host)
}

fn is_own(host: &[u8]) -> bool {
    if host.starts_with(b"127.") || host == b"0.0.0.0" {
        return true;
    }
    RESERVED.iter().any(|name| {
        let Some(at) = host.len().checked_sub(name.len()) else { return false };
        let is_whole = at == 0 || host[at - 1] == b'.';
        is_whole && host[at..].eq_ignore_ascii_case(name.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_s_own_and_of_nobody() {
        for host in
            ["localhost:6379", "127.0.0.1", "[::1]:80", "db.example.com/x", "a.test", "EXAMPLE.org"]
        {
            assert!(follow(format!("pw@{host}").as_bytes(), 2), "{host}");
        }
        for host in ["myexample.com", "db.corp.net", "testing", "redis", "example.community", ""] {
            assert!(!follow(format!("pw@{host}").as_bytes(), 2), "{host}");
        }
        assert!(!follow(b"pw", 2) && !follow(b"pw localhost", 2));
    }
}
