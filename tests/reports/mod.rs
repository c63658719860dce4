//! Reports of whole repositories, built by the real program day by day.

mod believed;
mod clauses;
mod five_d;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::commands::member::{add, new_key};
use crate::support::Repo;

const POLICY: &str = ".secrets-policy.toml";

/// What every value of the firm begins with; no report may show it.
pub(crate) const VALUE: &str = "hunter2";

/// The third parties by name; no document names a product.
const VENDORS: [&str; 2] = ["Paywell", "Certhaus"];

/// What the firm's policy says from the types on.
const TERMS: &str = r#"
[types.api-key]
rotate-every = "90d"
description = "Key for the payment provider"
runbook = "docs/rotate-api-key.md"

[types.db-credential]
rotate-every = "90d"
strategy = "single"
description = "Password of the application's database user"

[types.certificate]
rotate-every = "83d"
warn-before = "23d"
description = "Server certificate and private key of the public entry point"
runbook = "docs/renew-certificate.md"

[types.encryption-key]
rotate-every = "365d"
strategy = "keep-old"
description = "Key for the stored documents of one customer"
runbook = "docs/customer-key.md"

[[secrets]]
match = "*/PAYMENT_API_KEY"
type = "api-key"
owner = "payments"
origin = "third-party"
vendor = "Paywell"
contact = "payments on call"
copies = ["the provider", "CI"]
used-by = ["checkout", "tests"]

[[secrets]]
match = "*/DATABASE_PASSWORD"
type = "db-credential"
owner = "platform"
origin = "internal"
used-by = ["checkout", "tests", "reports"]

[[secrets]]
match = "prod/TLS_CERTIFICATE"
type = "certificate"
owner = "platform"
origin = "third-party"
vendor = "Certhaus"
contact = "platform on call"
used-by = ["gateway"]

[[secrets]]
match = "prod/CUSTOMER_DATA_KEY"
type = "encryption-key"
owner = "archive"
custody = "customer"
used-by = ["archive"]

[consumers.archive]
access = "run"
paths = ["services/archive/**"]
member = "deploy-prod"

[consumers.checkout]
access = "run"
paths = ["services/checkout/**"]

[consumers.gateway]
access = "inject"
paths = ["gateway/**"]

[consumers.reports]
access = "run"
paths = ["services/reports/**"]

[consumers.tests]
access = "run"
paths = ["tests/**"]
member = "ci-dev"

[links]
incident-response = "docs/incident-response.md"

[responsibility]
create = ["provider", "customer", "third-party"]
store = ["provider", "customer", "code-host"]
distribute = ["provider"]
rotate = ["provider", "customer", "third-party"]
revoke = ["provider", "third-party"]
log = ["provider", "code-host"]
alert = ["provider"]
"#;

/// The files of the firm's repository, beside the sealed ones.
const FILES: [(&str, &str); 10] = [
    ("services/checkout/main.py", "pay(os.environ['PAYMENT_API_KEY'], db['DATABASE_PASSWORD'])\n"),
    ("services/archive/main.py", "key = os.environ['CUSTOMER_DATA_KEY']\n"),
    ("services/reports/job.py", "print('a report')\n"),
    ("services/refunds/settings.ini", "[pay]\nkey = ${PAYMENT_API_KEY}\n"),
    ("gateway/start.sh", "serve --cert \"$TLS_CERTIFICATE\"\n"),
    ("tests/pay.py", "assert os.environ['PAYMENT_API_KEY'] and env.DATABASE_PASSWORD\n"),
    ("ci/checks.yml", "steps:\n  - run: tenure check\n"),
    ("docs/incident-response.md", "Call the one on call; PAYMENT_API_KEY first.\n"),
    ("docs/rotate-api-key.md", "Ask for a new one.\n"),
    ("docs/renew-certificate.md", "Renew it.\n"),
];

/// A firm on 2026-11-21: two environments, six values, five people over time, two machines.
pub(crate) fn firm() -> Repo {
    static BASE: OnceLock<PathBuf> = OnceLock::new();
    let base = BASE.get_or_init(|| {
        let kept =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("firm-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).unwrap();
        let built = built();
        let copy = Command::new("cp").arg("-a").arg(built.folder().join(".")).arg(&kept).status();
        assert!(copy.unwrap().success());
        kept
    });
    Repo::copied(base).at("2026-11-21")
}

fn built() -> Repo {
    let repo = started();
    let repo = set(repo, "2026-08-14", &["dev/PAYMENT_API_KEY", "prod/PAYMENT_API_KEY"]);
    let repo = set(repo, "2026-08-20", &["prod/CUSTOMER_DATA_KEY", "prod/TLS_CERTIFICATE"]);
    let repo = repo.at("2026-09-07");
    add(&repo, "cleo", "developer");
    let repo = set(repo, "2026-09-10", &["dev/DATABASE_PASSWORD", "prod/DATABASE_PASSWORD"]);
    let repo = set(repo, "2026-10-01", &["prod/TLS_CERTIFICATE"]);
    let repo = set(repo, "2026-11-03", &["dev/PAYMENT_API_KEY"]);
    let repo = repo.at("2026-11-16");
    repo.run("member remove cleo -y --reason left").done();
    FILES.iter().for_each(|(path, text)| repo.write(path, text));
    repo.commit("all");
    repo
}

/// The firm on its first day: members, and a policy with types, rules and consumers.
fn started() -> Repo {
    let repo = Repo::new().at("2026-08-03");
    repo.ssh_key();
    repo.run("init --member ana").done();
    add(&repo, "ben", "admin");
    add(&repo, "dan", "developer");
    machine(&repo, ("ci-dev", "ci"), "dan");
    machine(&repo, ("deploy-prod", "deploy"), "ben");
    let text = repo.read(POLICY);
    let (head, _) = text.split_once("# Types say how long").unwrap();
    let head = head
        .replace("developer = [\"ana\", \"dan\"]", "developer = [\"dan\"]")
        .replace("readers = [\"developer\"]", "readers = [\"admin\", \"developer\", \"ci\"]")
        .replace("writers = [\"developer\"]", "writers = [\"admin\", \"developer\"]")
        .replace("readers = [\"admin\"]\n", "readers = [\"admin\", \"deploy\"]\n")
        .replace("leaver = \"1d\" ", "refuse-overdue-after = \"14d\"\nleaver = \"1d\" ");
    assert_ne!(head, text.split_once("# Types say how long").unwrap().0);
    repo.write(POLICY, format!("{head}{TERMS}"));
    repo.run("policy sign -y").done();
    repo
}

fn machine(repo: &Repo, (name, role): (&str, &str), owner: &str) {
    let (_, _) = new_key(repo, name);
    let public = fs::read_to_string(repo.home().join(format!("{name}.key.pub"))).unwrap();
    let key = public.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let common = ["member", "add", name, "--kind", "machine", "--role", role, "--create-role"];
    let more = ["--owner", owner, "--expires", "2027-01-30", "--recipient", key.trim(), "-y"];
    repo.tenure(&[&common[..], &more[..]].concat()).done();
}

/// Sets values on a day; no two are the same.
fn set(repo: Repo, day: &str, names: &[&str]) -> Repo {
    let repo = repo.at(day);
    for name in names {
        repo.tenure_fed(&["set", name], format!("{VALUE}-{day}-{name}")).done();
    }
    repo
}
