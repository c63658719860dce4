//! A policy and public keys for the tests of this room; their private halves are thrown away.

use crate::policy::Policy;

pub(in crate::policy) const ANA_SSH: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL+SW4JboOEHxbWmJZUvbiuiJZZTPqpmBOSlU1eVKBQx";
pub(in crate::policy) const ANA_SSH_FINGERPRINT: &str =
    "SHA256:IvHOh3G28PER5thQ8z0GVcFQhx2LYU2MvlXW4wpMmRM";
pub(in crate::policy) const DAN_SSH: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILOwGggAODoYTk1KDat0Hwo0dkI1OJYgfKWewQO7mlXa";
pub(in crate::policy) const AGE: &str =
    "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
pub(in crate::policy) const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOEe7v7o3vs6LYAIRLMufuSAjraEce6+LAoYmJpWxzbDdEpljshpLnSglnR1dchR9PxGf3nSYpUu3pztHzwCUXs=";
pub(in crate::policy) const P384: &str = "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBP1O7RfJHyvaYew6AtA0XVGcHmtWZS9mRV0wXbWhzl2dlRpU/of67CU7n/COzEuE+Uqp94AcfNt+OISo65X6eNTyixxjcEizOzUYyExWBKu2UtdOm9ve7F+fj247d/JOiA==";
pub(in crate::policy) const P521: &str = "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAEC7PXZBMgk5akYNmnFepAhA18BoND3MZt2B7CifzRlqiPxNTRGvLB7rspYVJeiCeTC3ygDuInGLvvWCfQ9cZpTVwHWHUhaFd8t4vzXIDYosTEqVi4kJfm5xkfgsfAdi2layhhJEs0wl7hHonqJa7EJcNu+emvI9PWLBYG3kbOdlQyalw==";
pub(in crate::policy) const RSA_2048: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCpwuXv3sNFWrZZuOUExtfvuA49UTi7WlZQ9pN6HXINocSUrqrp1mLJOIe2sYxyyio6MHmWc7BmUUi0baHsCgCOBM959NVZqkyJPG1rFXJSDpKxbgYD0aKoQUZuojm7UDuxMGHTB7dhwQ1cBg9IXG57lGWGB/aoTwg5fBuPUraozq5qtTNUhXHr60n7pqdTz3wCRKA8Q662tFQeQfbhSNLeUQeg57Qq/JV6Fhbfhaj/7DxVRwB+XaSILiknPYAbTn155uBiwq+fQzxue+Fzc5wrcxXKYg5/1tfp0pW1JJWV2ah9JcDRgQXHiS0KkwlymU5Y2pcxcskjUuzlUhDA9fhf";
pub(in crate::policy) const RSA_3072: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC8GZpLJJVOW9DwQyfGbWTfSv1eAqav/UAGlUwpSlsG8+HhzQIb/q9r5CTzpvU6+ZPaT33a5BLZhFxbK/JFgFy7hhJRJqUPmRjIro7AP++oQZ3xHxHk6FK1sZ2KLCf5A1hSmVq0kOJL87tgs06jjCbCwqUOOaAtQfOosAinOl5UcA3mpQ7Xq/hYhAjj6qPuNd9Qg71UJZ8yq9fhnDHj3JhQNJ+GGY8km3tJuWt8jiWHYSPMBuHXxc9HND5dhPl517hgO2NSSjz35qL8VTahmK2KEN0QOrgmVrWCnCk5FI0ifOqqMXAE4o7oj8UzMRWI2ltlcUEsz6/nr4qtTbibyzDwxEsIoORKrXUwfMwUBUcYQbie3WMTQWo/B8VQFkHnd0bqaDRlzW2bDwBoCtalt44Uayr0lWnoyvN93KIbhJX7sNg54cbRjOCrgdxdpY2BheSoRd20VeNe+4gFAKB31GQzKbs0Qz+PYgCcVJ/5G+2oldnBZJBKStjT4n2BtSVOjPs=";

/// Ana and ben are admins, cleo develops, a machine deploys; dev and prod.
pub(in crate::policy) const BASE: &str = r#"version = 1
revision = "3-9f2c41ab"            # new at each signing
repository = "0198c9d2-7b1e-4c8a-9f00-0123456789ab"

# People.

[members.ana]
recipients = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL+SW4JboOEHxbWmJZUvbiuiJZZTPqpmBOSlU1eVKBQx ana@example.com"]
signing-keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL+SW4JboOEHxbWmJZUvbiuiJZZTPqpmBOSlU1eVKBQx"]

# Ben is on call.
[members.ben]
recipients = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEig4Cl0ZNUgljgBoHxnulzagzX4gd8tQd05ruXWIQ2"]
signing-keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEig4Cl0ZNUgljgBoHxnulzagzX4gd8tQd05ruXWIQ2"]

[members.cleo]
recipients = ["age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"]

# Machines.

[members.deploy-prod]
kind = "machine"
owner = "ana"
recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]
expires = 2027-05-01

[roles]
admin = ["ana", "ben"]
developer = [
    "ana", # leads
    "ben",
    "cleo", # since May
]
leads = ["ana"]
deploy = ["deploy-prod"]

[admin]
roles = ["admin"]
threshold = 1

[environments.dev]
files = ["secrets/dev.*"]
readers = ["developer"]
writers = ["developer"]
clear = ["HOST", "*.port"]

[environments.prod]
files = ["secrets/prod.*", "secrets/prod/**"]
readers = ["admin", "deploy"]
writers = ["admin"]
refuse-overdue-after = "14d"

[types.api-key]
rotate-every = "90d"

[[secrets]]
match = "prod/STRIPE_*"
type = "api-key"
owner = "payments"
origin = "third-party"
vendor = "stripe"
writers = ["leads"]
"#;

/// Reads a policy that must be right.
pub(in crate::policy) fn parse(text: &str) -> Policy {
    Policy::parse(text).unwrap()
}
