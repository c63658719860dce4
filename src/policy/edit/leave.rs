//! A member leaves: every place that names them, and roles that only they had.

use toml_edit::{Item, TableLike, Value};

use crate::names::{EnvName, MemberName, RoleName};

use super::{Edit, EditError, Policy, document, list, table_in};

impl Edit {
    /// Removes several members, one after the other: a role that only they had goes with the last.
    ///
    /// # Errors
    /// As [`Edit::remove_member`]; [`EditError::Breaks`] where one of them cannot go by themselves.
    pub fn remove_members(&mut self, names: &[&MemberName]) -> Result<(), EditError> {
        for name in names {
            self.policy = Policy::parse(&self.doc.to_string()).map_err(EditError::Breaks)?;
            self.remove_member(name)?;
        }
        Ok(())
    }

    /// Says who answers for a member.
    ///
    /// # Errors
    /// [`EditError::UnknownMember`] for either; that the owner must be a person says [`Edit::finish`].
    pub fn give_owner(&mut self, name: &MemberName, owner: &MemberName) -> Result<(), EditError> {
        self.known_member(name)?;
        self.known_member(owner)?;
        let place = format!("members.{name}");
        let members = self.doc.get_mut("members").and_then(|m| m.get_mut(name.as_str()));
        let table = members.ok_or_else(|| EditError::Layout { place: place.clone() })?;
        let table = table_in(table, &place)?;
        let mut value = Value::from(owner.as_str());
        if let Some(old) = table.get("owner").and_then(Item::as_value) {
            *value.decor_mut() = old.decor().clone();
        }
        table.insert("owner", Item::Value(value));
        Ok(())
    }

    /// Removes a member: from the members, from all roles, as owner of machines and as consumer.
    ///
    /// A role that is left with nobody goes too, from wherever it is named.
    ///
    /// # Errors
    /// [`EditError::LeavesNobody`] where something must name a role and only named such a one: readers,
    /// writers, admins.
    pub fn remove_member(&mut self, name: &MemberName) -> Result<(), EditError> {
        self.known_member(name)?;
        self.cut_member(name)?;
        let roles: Vec<(RoleName, usize)> = self
            .policy
            .roles
            .iter()
            .filter(|(_, members)| members.contains(name))
            .map(|(role, members)| (role.clone(), members.len()))
            .collect();
        for (role, members) in roles {
            if members == 1 {
                self.drop_role(&role)?;
            } else {
                list::remove(self.list(&["roles", role.as_str()])?, name.as_str());
            }
        }
        for (section, field) in [("members", "owner"), ("consumers", "member")] {
            let Some(table) = self.doc.get_mut(section).and_then(Item::as_table_like_mut) else {
                continue;
            };
            forget(table, field, name.as_str());
        }
        Ok(())
    }

    /// Cuts a member's table out of the text, with the comment lines right above its header.
    fn cut_member(&mut self, name: &MemberName) -> Result<(), EditError> {
        let text = self.doc.to_string();
        if let Some(rest) = list::without_table(&text, name.as_str()) {
            self.doc = document(&rest)?;
        } else if let Some(members) = self.doc.get_mut("members") {
            table_in(members, "members")?.remove(name.as_str());
        }
        Ok(())
    }

    /// Removes a role from wherever it is named.
    fn drop_role(&mut self, role: &RoleName) -> Result<(), EditError> {
        if let Some(roles) = self.doc.get_mut("roles") {
            table_in(roles, "roles")?.remove(role.as_str());
        }
        let mut paths = vec![vec!["admin", "roles"]];
        let envs: Vec<EnvName> = self.policy.environments.keys().cloned().collect();
        for env in &envs {
            paths.push(vec!["environments", env.as_str(), "readers"]);
            paths.push(vec!["environments", env.as_str(), "writers"]);
        }
        paths.push(vec!["procedure", "security"]);
        paths.push(vec!["procedure", "platform-owner"]);
        for path in &paths {
            let named = self.list(path).is_ok_and(|l| list::position(l, role.as_str()).is_some());
            if named {
                self.remove(path, role.as_str())?;
            }
        }
        self.drop_from_rules(role)
    }

    fn drop_from_rules(&mut self, role: &RoleName) -> Result<(), EditError> {
        let Some(rules) = self.doc.get_mut("secrets").and_then(Item::as_array_of_tables_mut) else {
            return Ok(());
        };
        for rule in rules.iter_mut() {
            let Some(writers) = rule.get_mut("writers").and_then(Item::as_array_mut) else {
                continue;
            };
            if list::position(writers, role.as_str()).is_none() {
                continue;
            }
            // Without its last writer the rule would narrow nothing: more people could write.
            if writers.len() == 1 {
                let place = "secrets.writers".to_owned();
                return Err(EditError::LeavesNobody { place, name: role.to_string() });
            }
            list::remove(writers, role.as_str());
        }
        Ok(())
    }
}

/// Removes a field from each inner table where it has this text.
fn forget(table: &mut dyn TableLike, field: &str, text: &str) {
    for (_, inner) in table.iter_mut() {
        let Some(inner) = inner.as_table_like_mut() else { continue };
        if inner.get(field).and_then(Item::as_str) == Some(text) {
            inner.remove(field);
        }
    }
}
