//! Edits of the policy's text that keep its comments and layout. None signs anything.

mod error;
mod leave;
mod list;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use jiff::civil::Date;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

use crate::names::{EnvName, MemberName, RoleName};

use super::{LostKey, MemberKind, Policy, Recipient, SigningKey};

pub use error::EditError;

/// A member to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// Their name.
    pub name: MemberName,
    /// A person or a machine.
    pub kind: MemberKind,
    /// Keys to read with.
    pub recipients: Vec<Recipient>,
    /// Keys to sign with; none for a machine.
    pub signing_keys: Vec<SigningKey>,
    /// The person who answers for a machine.
    pub owner: Option<MemberName>,
    /// The last UTC day of the keys.
    pub expires: Option<Date>,
}

/// What a role may do in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Open its values.
    Read,
    /// Change its values.
    Write,
}

impl Right {
    fn field(self) -> &'static str {
        match self {
            Self::Read => "readers",
            Self::Write => "writers",
        }
    }
}

/// A policy under edit. [`Self::finish`] checks the whole and counts the revision up.
#[derive(Debug)]
pub struct Edit {
    doc: DocumentMut,
    policy: Policy,
    windows: bool,
}

impl Edit {
    /// Begins with a text.
    ///
    /// # Errors
    /// [`EditError::Invalid`] for a text that is no policy.
    pub fn of(text: &str) -> Result<Self, EditError> {
        let policy = Policy::parse(text)?;
        let doc = document(text)?;
        Ok(Self { doc, policy, windows: text.contains("\r\n") })
    }

    /// Adds a member, and their name to roles that exist.
    ///
    /// # Errors
    /// [`EditError`] for a name that is taken, or a role that is not there.
    pub fn add_member(&mut self, new: &NewMember, roles: &[RoleName]) -> Result<(), EditError> {
        if self.policy.members.contains_key(&new.name) {
            return Err(EditError::MemberExists { name: new.name.clone() });
        }
        let mut implicit = Table::new();
        implicit.set_implicit(true);
        let members = self.doc.entry("members").or_insert(Item::Table(implicit));
        table_in(members, "members")?.insert(new.name.as_str(), Item::Table(member_table(new)));
        roles.iter().try_for_each(|role| self.add_to_role(role, &new.name))
    }

    /// Replaces a member's keys; a list that would not change is left as it stands.
    ///
    /// # Errors
    /// [`EditError::UnknownMember`].
    pub fn set_keys(
        &mut self,
        name: &MemberName,
        recipients: &[Recipient],
        signing_keys: &[SigningKey],
    ) -> Result<(), EditError> {
        self.known_member(name)?;
        let member = self.policy.members.get(name);
        let changed = [
            ("recipients", texts(recipients), member.map(|m| texts(&m.recipients))),
            ("signing-keys", texts(signing_keys), member.map(|m| texts(&m.signing_keys))),
        ];
        let place = format!("members.{name}");
        let members = self.doc.get_mut("members").and_then(|m| m.get_mut(name.as_str()));
        let table = members.ok_or_else(|| EditError::Layout { place: place.clone() })?;
        let table = table_in(table, &place)?;
        for (field, new, old) in changed {
            if old.as_ref() == Some(&new) {
                continue;
            }
            if new.is_empty() {
                table.remove(field);
            } else {
                table.insert(field, Item::Value(Value::Array(new.into_iter().collect())));
            }
        }
        Ok(())
    }

    /// Adds to the keys that a member lost.
    ///
    /// # Errors
    /// [`EditError::UnknownMember`].
    pub fn lose_keys(&mut self, name: &MemberName, keys: &[LostKey]) -> Result<(), EditError> {
        self.known_member(name)?;
        let place = format!("members.{name}");
        let members = self.doc.get_mut("members").and_then(|m| m.get_mut(name.as_str()));
        let table = members.ok_or_else(|| EditError::Layout { place: place.clone() })?;
        let table = table_in(table, &place)?;
        if table.get("lost-keys").is_none() {
            table.insert("lost-keys", Item::Value(Value::Array(Array::new())));
        }
        keys.iter()
            .try_for_each(|key| self.add(&["members", name.as_str(), "lost-keys"], key.as_str()))
    }

    /// Adds a member to a role.
    ///
    /// # Errors
    /// [`EditError`] where the role is not there, or names the member already.
    pub fn add_to_role(&mut self, role: &RoleName, member: &MemberName) -> Result<(), EditError> {
        self.known_role(role)?;
        self.add(&["roles", role.as_str()], member.as_str())
    }

    /// Takes a member out of a role.
    ///
    /// # Errors
    /// [`EditError`] where the role is not there, does not name the member, or names nobody else.
    pub fn remove_from_role(
        &mut self,
        role: &RoleName,
        member: &MemberName,
    ) -> Result<(), EditError> {
        self.known_role(role)?;
        self.remove(&["roles", role.as_str()], member.as_str())
    }

    /// Makes a role with its members.
    ///
    /// # Errors
    /// [`EditError::RoleExists`].
    pub fn create_role(
        &mut self,
        role: &RoleName,
        members: &[MemberName],
    ) -> Result<(), EditError> {
        let roles = self.doc.entry("roles").or_insert(Item::Table(Table::new()));
        let roles = table_in(roles, "roles")?;
        if roles.contains_key(role.as_str()) {
            return Err(EditError::RoleExists { role: role.clone() });
        }
        roles
            .insert(role.as_str(), Item::Value(Value::Array(texts(members).into_iter().collect())));
        Ok(())
    }

    /// Lets a role read or write an environment.
    ///
    /// # Errors
    /// [`EditError`] where the environment is not there, or names the role already.
    pub fn grant(&mut self, env: &EnvName, right: Right, role: &RoleName) -> Result<(), EditError> {
        self.known_environment(env)?;
        self.add(&["environments", env.as_str(), right.field()], role.as_str())
    }

    /// Takes a right from a role.
    ///
    /// # Errors
    /// [`EditError`] where the environment is not there, or names no other role.
    pub fn withdraw(
        &mut self,
        env: &EnvName,
        right: Right,
        role: &RoleName,
    ) -> Result<(), EditError> {
        self.known_environment(env)?;
        self.remove(&["environments", env.as_str(), right.field()], role.as_str())
    }

    /// Counts the revision up, checks the whole policy and gives its text.
    ///
    /// # Errors
    /// [`EditError::Breaks`] where the edits together break a rule; the line is that of the new text.
    pub fn finish(mut self, random: [u8; 4]) -> Result<String, EditError> {
        let next = next_revision(&self.policy.revision, random);
        let layout = || EditError::Layout { place: "revision".to_owned() };
        let value = self.doc.get_mut("revision").and_then(Item::as_value_mut).ok_or_else(layout)?;
        let decor = value.decor().clone();
        *value = Value::from(next);
        *value.decor_mut() = decor;
        let mut text = self.doc.to_string();
        if self.windows {
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        Policy::parse(&text).map_err(EditError::Breaks)?;
        Ok(text)
    }

    fn known_member(&self, name: &MemberName) -> Result<(), EditError> {
        if self.policy.members.contains_key(name) {
            return Ok(());
        }
        let known = self.policy.members.keys().map(MemberName::as_str);
        let nearest = super::nearest::nearest(name.as_str(), known).map(str::to_owned);
        Err(EditError::UnknownMember { name: name.clone(), nearest })
    }

    fn known_role(&self, role: &RoleName) -> Result<(), EditError> {
        let roles = self.doc.get("roles").and_then(Item::as_table_like);
        if roles.is_some_and(|roles| roles.contains_key(role.as_str())) {
            return Ok(());
        }
        let known = self.policy.roles.keys().map(RoleName::as_str);
        let nearest = super::nearest::nearest(role.as_str(), known).map(str::to_owned);
        Err(EditError::UnknownRole { role: role.clone(), nearest })
    }

    fn known_environment(&self, env: &EnvName) -> Result<(), EditError> {
        if self.policy.environments.contains_key(env) {
            return Ok(());
        }
        Err(EditError::UnknownEnvironment { env: env.clone() })
    }

    fn list(&mut self, path: &[&str]) -> Result<&mut Array, EditError> {
        let mut item = Some(self.doc.as_item_mut());
        for step in path {
            item = item.and_then(|item| item.get_mut(*step));
        }
        let layout = || EditError::Layout { place: path.join(".") };
        item.and_then(Item::as_array_mut).ok_or_else(layout)
    }

    fn add(&mut self, path: &[&str], name: &str) -> Result<(), EditError> {
        let list = self.list(path)?;
        if list::position(list, name).is_some() {
            let place = path.join(".");
            return Err(EditError::AlreadyThere { place, name: name.to_owned() });
        }
        list::push(list, name);
        Ok(())
    }

    fn remove(&mut self, path: &[&str], name: &str) -> Result<(), EditError> {
        let (place, name) = (path.join("."), name.to_owned());
        let list = self.list(path)?;
        match (list::position(list, &name), list.len()) {
            (None, _) => Err(EditError::NotThere { place, name }),
            (Some(_), 1) => Err(EditError::LeavesNobody { place, name }),
            (Some(_), _) => {
                list::remove(list, &name);
                Ok(())
            }
        }
    }
}

fn document(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|_| EditError::Layout { place: "the policy".to_owned() })
}

fn table_in<'i>(item: &'i mut Item, place: &str) -> Result<&'i mut dyn TableLike, EditError> {
    item.as_table_like_mut().ok_or_else(|| EditError::Layout { place: place.to_owned() })
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn member_table(new: &NewMember) -> Table {
    let mut table = Table::new();
    if new.kind == MemberKind::Machine {
        table.insert("kind", toml_edit::value(new.kind.word()));
    }
    if let Some(owner) = &new.owner {
        table.insert("owner", toml_edit::value(owner.as_str()));
    }
    let keys = [("recipients", texts(&new.recipients)), ("signing-keys", texts(&new.signing_keys))];
    for (field, keys) in keys.into_iter().filter(|(_, keys)| !keys.is_empty()) {
        table.insert(field, Item::Value(Value::Array(keys.into_iter().collect())));
    }
    if let Some(Ok(date)) = new.expires.map(|date| date.to_string().parse()) {
        let date: toml_edit::Datetime = date;
        table.insert("expires", toml_edit::value(date));
    }
    table
}

/// The sequence number of a revision such as `3-9f2c41ab`.
pub(super) fn sequence(revision: &str) -> Option<u32> {
    let (number, digits) = revision.split_once('-')?;
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    (plain && digits.len() == 8 && digits.bytes().all(hex)).then(|| number.parse().ok())?
}

/// The revision after this one.
pub(super) fn next_revision(revision: &str, random: [u8; 4]) -> String {
    let mut next = format!("{}-", sequence(revision).unwrap_or_default().saturating_add(1));
    for byte in random {
        // Writing to a String cannot fail.
        let _ = write!(next, "{byte:02x}");
    }
    next
}

/// Counts the revision up and changes nothing else.
///
/// # Errors
/// [`EditError::Invalid`] for a text that is no policy.
pub fn bump_revision(text: &str, random: [u8; 4]) -> Result<String, EditError> {
    Edit::of(text)?.finish(random)
}

/// Adds a member, with roles that exist. See [`Edit::add_member`].
///
/// # Errors
/// [`EditError`], and the text stays as it is.
pub fn add_member(
    text: &str,
    member: &NewMember,
    roles: &[RoleName],
    random: [u8; 4],
) -> Result<String, EditError> {
    let mut edit = Edit::of(text)?;
    edit.add_member(member, roles)?;
    edit.finish(random)
}

/// Removes a member from everywhere. See [`Edit::remove_member`].
///
/// # Errors
/// [`EditError`], and the text stays as it is.
pub fn remove_member(text: &str, name: &MemberName, random: [u8; 4]) -> Result<String, EditError> {
    let mut edit = Edit::of(text)?;
    edit.remove_member(name)?;
    edit.finish(random)
}

/// Adds a member to a role.
///
/// # Errors
/// [`EditError`], and the text stays as it is.
pub fn add_to_role(
    text: &str,
    role: &RoleName,
    member: &MemberName,
    random: [u8; 4],
) -> Result<String, EditError> {
    let mut edit = Edit::of(text)?;
    edit.known_member(member)?;
    edit.add_to_role(role, member)?;
    edit.finish(random)
}

/// Takes a member out of a role.
///
/// # Errors
/// [`EditError`], and the text stays as it is.
pub fn remove_from_role(
    text: &str,
    role: &RoleName,
    member: &MemberName,
    random: [u8; 4],
) -> Result<String, EditError> {
    let mut edit = Edit::of(text)?;
    edit.remove_from_role(role, member)?;
    edit.finish(random)
}
