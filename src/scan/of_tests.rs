//! What a path says of a file: whether it is one of tests.

/// Tells whether a path is that of a test, of an example, or of what one reads.
pub(super) fn is_of_tests(path: &str) -> bool {
    const FOLDERS: [&str; 16] = [
        "test",
        "tests",
        "testing",
        "testdata",
        "test-data",
        "test_data",
        "test-vectors",
        "vectors",
        "fixture",
        "fixtures",
        "example",
        "examples",
        "benches",
        "spec",
        "__tests__",
        "mocks",
    ];
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let stem = name.split('.').next().unwrap_or_default();
    let is_test = |stem: &str| {
        stem.starts_with("test_")
            || ["_test", "_tests", "-test", "_spec"].iter().any(|end| stem.ends_with(end))
            || ["test", "tests"].contains(&stem)
            || name.contains(".test.")
            || name.contains(".spec.")
    };
    folders.split('/').any(|folder| FOLDERS.contains(&folder)) || is_test(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_is_of_tests() {
        for path in
            ["tests/a.rs", "x/testdata/k.pem", "src/parse_test.go", "a/b.spec.ts", "test_x.py"]
        {
            assert!(is_of_tests(path), "{path}");
        }
        for path in
            ["src/latest/a.rs", "attest.rs", "contest/k.pem", "deploy/key.pem", "testament.txt"]
        {
            assert!(!is_of_tests(path), "{path}");
        }
    }
}
