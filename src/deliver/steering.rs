//! Variables that make a program load or run something: no secret may be named so unless the policy says.

/// The names that are refused; `*` at the end stands for any rest. Exact case, as on Unix.
///
/// What only turns traffic (`HTTPS_PROXY`) or names credentials (`KUBECONFIG`, `SSH_PRIVATE_KEY`) runs no
/// code and is not among them. `allow-env` of the environment lets single names through.
pub const STEERING: &[&str] = &[
    // The loader and libc.
    "LD_*",
    "DYLD_*",
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "LOCPATH",
    "MALLOC_*",
    "NLSPATH",
    // Where programs and their settings are found.
    "PATH",
    "HOME",
    "XDG_*",
    // Shells.
    "BASHOPTS",
    "BASH_ENV",
    "BASH_FUNC_*",
    "ENV",
    "FPATH",
    "IFS",
    "PROMPT_COMMAND",
    "PS4",
    "SHELL",
    "SHELLOPTS",
    "ZDOTDIR",
    // Programs that others start.
    "BROWSER",
    "EDITOR",
    "LESSCLOSE",
    "LESSOPEN",
    "EXINIT",
    "LESSKEY*",
    "MANPAGER",
    "PAGER",
    "VIMINIT",
    "SSH_ASKPASS",
    "SSH_AUTH_SOCK",
    "SSH_SK_PROVIDER",
    "SUDO_ASKPASS",
    "VISUAL",
    // Interpreters and runtimes.
    "BUNDLE_GEMFILE",
    "BUN_OPTIONS",
    "CARGO_BUILD_*",
    "CARGO_TARGET_*",
    "CLASSPATH",
    "CORECLR_*",
    "COR_*",
    "DOTNET_STARTUP_HOOKS",
    "GEM_HOME",
    "GEM_PATH",
    "ELIXIR_ERL_OPTIONS",
    "ELIXIR_OPTS",
    "ERL_*",
    "GOFLAGS",
    "GOTOOLCHAIN",
    "GRADLE_OPTS",
    "JAVA_OPTS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "JULIA_*",
    "LUA_CPATH*",
    "LUA_INIT*",
    "LUA_PATH*",
    "MAKEFILES",
    "MAKEFLAGS",
    "MAVEN_OPTS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NPM_CONFIG_NODE_OPTIONS",
    "NPM_CONFIG_SCRIPT_SHELL",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "PERL5DB",
    "PERL5LIB",
    "PERL5OPT",
    "PERLLIB",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "PYTHON*",
    "RUBYLIB",
    "RUBYOPT",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "R_PROFILE*",
    "TCLLIBPATH",
    "_JAVA_OPTIONS",
    "npm_config_node_options",
    "npm_config_script_shell",
    // Programs that hold keys or verify: git and ourselves.
    "GIT_*",
    "SOPS_*",
    "TENURE_*",
];

/// Tells whether a variable steers what a program loads or runs.
#[must_use]
pub fn steers(name: &str) -> bool {
    STEERING.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_code_steers_and_what_only_tells_does_not() {
        for name in [
            "LD_PRELOAD",
            "PATH",
            "PYTHONSTARTUP",
            "GIT_SSH_COMMAND",
            "TENURE_IDENTITY",
            "GOFLAGS",
            "MAKEFLAGS",
            "ERL_AFLAGS",
            "VIMINIT",
            "JULIA_LOAD_PATH",
        ] {
            assert!(steers(name), "{name}");
        }
        for name in ["DATABASE_URL", "PATHS", "path", "SSH_PRIVATE_KEY", "ENVIRONMENT", "HOMEPAGE"]
        {
            assert!(!steers(name), "{name}");
        }
    }
}
