//! Whole documents: every value and comment to its token and back, proved before it is given.

use std::collections::BTreeMap;
use std::ops::Range;

use rand_core::CryptoRngCore;

use super::token::{decode, generation_in};
use super::{Binding, Form, Part, SealError, ValueKey, form_of, is_dropped};
use crate::document::{Document, Leaf, Node, splice};
use crate::names::{EnvName, KeyPath, RepositoryId};
use crate::secret::Plaintext;

/// What happens to comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// They are sealed like values.
    Sealed,
    /// They stay as they are.
    Clear,
}

/// Where a document belongs, and what of it stays in clear.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The repository.
    pub repository: &'a RepositoryId,
    /// The environment.
    pub env: &'a EnvName,
    /// Tells whether the policy leaves the value at a place in clear.
    pub clear: &'a dyn Fn(&KeyPath) -> bool,
    /// What happens to comments.
    pub comments: Comments,
}

impl<'a> Scope<'a> {
    /// Binds a token to a place of this document.
    #[must_use]
    pub fn binding(&self, part: Part, path: &'a KeyPath) -> Binding<'a> {
        Binding { repository: self.repository, env: self.env, part, path }
    }
}

/// The keys of the generations at hand.
#[derive(Clone, Copy)]
pub struct Opener<'a>(pub &'a [ValueKey]);

impl Opener<'_> {
    /// Opens a token with the key of its generation; a dropped one with whichever opens it.
    ///
    /// # Errors
    /// Those of [`ValueKey::open`].
    pub fn open(&self, binding: &Binding<'_>, token: &str) -> Result<Plaintext, SealError> {
        if is_dropped(token) {
            let mut opened = self.0.iter().map(|key| key.open(binding, token));
            let refused = || Err(SealError::Refused(binding.path.clone()));
            return opened.find(Result::is_ok).unwrap_or_else(refused);
        }
        let bytes = decode(token)?;
        let id = generation_in(&bytes)?;
        let key = self.0.iter().find(|key| key.id() == id);
        key.ok_or(SealError::UnknownGeneration(id))?.open_bytes(binding, &bytes)
    }
}

/// The tokens of a sealed document with what they hold, so that an unchanged value keeps its token.
#[derive(Default)]
pub struct Known(BTreeMap<String, Vec<(Plaintext, String)>>);

fn known_as(part: Part, path: &KeyPath) -> String {
    match part {
        Part::Value => path.bound().to_string(),
        Part::Comment => "#".to_owned(),
    }
}

impl Known {
    /// Opens all tokens of a sealed document, and remembers those of values that stand.
    ///
    /// # Errors
    /// [`SealError`] for the first token that does not open.
    pub fn of(
        document: &Document<'_>,
        scope: &Scope<'_>,
        opener: Opener<'_>,
        stands: &dyn Fn(&KeyPath) -> bool,
    ) -> Result<Self, SealError> {
        let mut known = Self::default();
        for leaf in &document.leaves {
            let Some(token) = document.token(leaf) else { continue };
            let value = opener.open(&scope.binding(Part::Value, &leaf.path), token)?;
            if stands(&leaf.path) {
                known.add(known_as(Part::Value, &leaf.path), value, token);
            }
        }
        let root = KeyPath::root(1);
        for span in &document.comments {
            let token = &document.text[span.clone()];
            if let Ok(value) = opener.open(&scope.binding(Part::Comment, &root), token) {
                known.add(known_as(Part::Comment, &root), value, token);
            }
        }
        // Taken from the end: the first of several equal values gets the first token.
        known.0.values_mut().for_each(|tokens| tokens.reverse());
        Ok(known)
    }

    fn add(&mut self, place: String, value: Plaintext, token: &str) {
        self.0.entry(place).or_default().push((value, token.to_owned()));
    }

    fn take(&mut self, part: Part, path: &KeyPath, slice: &str) -> Option<String> {
        let tokens = self.0.get_mut(&known_as(part, path))?;
        let at = tokens.iter().rposition(|(value, _)| value.expose() == slice.as_bytes())?;
        Some(tokens.remove(at).1)
    }
}

/// Seals documents of one environment to its current generation.
#[derive(Clone, Copy)]
pub struct Sealer<'a> {
    /// Where the documents belong.
    pub scope: Scope<'a>,
    /// The key of the current generation.
    pub current: &'a ValueKey,
    /// All keys at hand, the current one among them.
    pub opener: Opener<'a>,
}

type Edit = (Range<usize>, String);

impl Sealer<'_> {
    /// Seals every value and comment of a document in clear, but what the scope leaves in clear.
    ///
    /// A value that `known` has at the same place keeps its token. Before anything is given, the result
    /// is parsed and opened again and compared.
    ///
    /// # Errors
    /// [`SealError::ForeignToken`] when a value already has a token's form;
    /// [`SealError::StructureChanged`] when the proof fails: then the file is to be sealed whole.
    pub fn seal(
        &self,
        document: &Document<'_>,
        mut known: Known,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<String, SealError> {
        let mut items: BTreeMap<KeyPath, Vec<&Leaf>> = BTreeMap::new();
        for leaf in document.leaves.iter().filter(|leaf| leaf.node == Node::Scalar) {
            items.entry(leaf.path.item()).or_default().push(leaf);
        }
        let mut edits = Vec::new();
        for (_, leaves) in items.iter().filter(|(item, _)| !(self.scope.clear)(item)) {
            edits.extend(self.seal_item(document, leaves, &mut known, rng)?);
        }
        if self.scope.comments == Comments::Sealed {
            edits.extend(self.seal_comments(document, &mut known, rng)?);
        }
        edits.sort_by_key(|(span, _)| span.start);
        let text = splice(document.text, edits.iter().map(|(s, new)| (s.clone(), new.as_bytes())));
        let text = String::from_utf8(text.to_vec()).map_err(|_| SealError::StructureChanged)?;
        self.prove(document, &text)?;
        Ok(text)
    }

    /// Seals the leaves of one item. All its tokens are of one generation, which its entry will name: so
    /// a list of which one element changed after a change of readers is sealed anew as a whole. So is a list
    /// of which an element was dropped, since that token does not say its generation.
    fn seal_item(
        &self,
        document: &Document<'_>,
        leaves: &[&Leaf],
        known: &mut Known,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<Edit>, SealError> {
        let mut tokens = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            if document.token(leaf).is_some() {
                return Err(SealError::ForeignToken(leaf.path.clone()));
            }
            tokens.push(known.take(Part::Value, &leaf.path, document.slice(leaf)));
        }
        let forms: Vec<_> =
            tokens.iter().flatten().map(|token| form_of(token)).collect::<Result<_, _>>()?;
        let mixed = forms.windows(2).any(|pair| pair[0] != pair[1]);
        let grows = forms.len() < leaves.len();
        if mixed || (grows && forms.iter().any(|form| *form != Form::Sealed(self.current.id()))) {
            tokens.iter_mut().for_each(|token| *token = None);
        }
        let seal = |(leaf, token): (&&Leaf, Option<String>)| {
            let binding = self.scope.binding(Part::Value, &leaf.path);
            let token = match token {
                Some(token) => token,
                None => self.current.seal(&binding, document.slice(leaf).as_bytes(), rng)?,
            };
            Ok((leaf.span.clone(), document.format.slice_of_token(&token)))
        };
        leaves.iter().zip(tokens).map(seal).collect()
    }

    fn seal_comments(
        &self,
        document: &Document<'_>,
        known: &mut Known,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<Edit>, SealError> {
        let root = KeyPath::root(1);
        let binding = self.scope.binding(Part::Comment, &root);
        let seal = |span: &Range<usize>| {
            let text = &document.text[span.clone()];
            let token = match known.take(Part::Comment, &root, text) {
                Some(token) => token,
                None => self.current.seal(&binding, text.as_bytes(), rng)?,
            };
            Ok((span.clone(), token))
        };
        document.comments.iter().map(seal).collect()
    }

    fn prove(&self, document: &Document<'_>, sealed: &str) -> Result<(), SealError> {
        let again =
            Document::parse(document.format, sealed).map_err(|_| SealError::StructureChanged)?;
        let opened = open(&again, &self.scope, self.opener)?;
        if again.same_structure(document) && opened.expose() == document.text.as_bytes() {
            Ok(())
        } else {
            Err(SealError::StructureChanged)
        }
    }
}

/// Opens a sealed document: the text with every slice back in its place, checked to have the structure
/// that the sealed one has, and at each place exactly the slice that was sealed (re-indenting a sealed file
/// would shift the lines of a block scalar).
///
/// A comment's token that does not open stays: comments are not attested.
///
/// # Errors
/// [`SealError`] for the first value that does not open, or when the structure differs.
pub fn open(
    document: &Document<'_>,
    scope: &Scope<'_>,
    opener: Opener<'_>,
) -> Result<Plaintext, SealError> {
    let mut slices = Vec::with_capacity(document.leaves.len() + document.comments.len());
    let mut of_tokens = Vec::with_capacity(document.leaves.len());
    for (at, leaf) in document.leaves.iter().enumerate() {
        let Some(token) = document.token(leaf) else { continue };
        let value = opener.open(&scope.binding(Part::Value, &leaf.path), token)?;
        slices.push((leaf.span.clone(), value));
        of_tokens.push(at);
    }
    let root = KeyPath::root(1);
    for span in &document.comments {
        let token = &document.text[span.clone()];
        if let Ok(text) = opener.open(&scope.binding(Part::Comment, &root), token) {
            slices.push((span.clone(), text));
        }
    }
    let mut edits: Vec<_> = slices.iter().map(|(s, value)| (s.clone(), value.expose())).collect();
    edits.sort_by_key(|(span, _)| span.start);
    let opened = Plaintext::from(splice(document.text, edits));
    let text = opened.expose_text().ok_or(SealError::StructureChanged)?;
    let again = Document::parse(document.format, text).map_err(|_| SealError::StructureChanged)?;
    // A blank line or a `#` that somebody put behind a token must not become part of a block scalar.
    let exact = of_tokens.iter().zip(&slices).all(|(at, (_, value))| {
        let leaf = again.leaves.get(*at);
        leaf.is_some_and(|leaf| again.slice(leaf).as_bytes() == value.expose())
    });
    if exact && again.same_structure(document) {
        Ok(opened)
    } else {
        Err(SealError::StructureChanged)
    }
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;
    use zeroize::Zeroizing;

    use super::*;
    use crate::document::Format;
    use crate::seal::generation_of;
    use crate::secret::GenerationKey;

    struct Fixture {
        repository: RepositoryId,
        env: EnvName,
        keys: Vec<ValueKey>,
    }

    fn fixture() -> Fixture {
        let key = |byte: u8| {
            let secret = GenerationKey::clamped(Zeroizing::new([byte; 32]));
            ValueKey::derive(&secret, &[byte; 32])
        };
        Fixture {
            repository: RepositoryId::from_random([7; 16]),
            env: "prod".parse().unwrap(),
            keys: vec![key(1), key(2)],
        }
    }

    fn nothing_clear(_: &KeyPath) -> bool {
        false
    }

    impl Fixture {
        fn scope(&self) -> Scope<'_> {
            Scope {
                repository: &self.repository,
                env: &self.env,
                clear: &nothing_clear,
                comments: Comments::Sealed,
            }
        }

        /// Seals to the generation of this position, with the tokens of `old`.
        fn seal(
            &self,
            at: usize,
            format: Format,
            text: &str,
            old: &str,
        ) -> Result<String, SealError> {
            let opener = Opener(&self.keys);
            let scope = self.scope();
            let sealed = Document::parse(format, old).unwrap();
            let known = Known::of(&sealed, &scope, opener, &|_| true)?;
            let document = Document::parse(format, text).unwrap();
            Sealer { scope, current: &self.keys[at], opener }.seal(&document, known, &mut OsRng)
        }

        fn open(&self, format: Format, text: &str) -> Result<String, SealError> {
            let document = Document::parse(format, text).unwrap();
            let opened = open(&document, &self.scope(), Opener(&self.keys))?;
            Ok(opened.expose_text().unwrap().to_owned())
        }
    }

    const YAML: &str =
        "# top\na: one # side\nb:\n  - x\n  - y: |\n      two\n      lines\nc: {d: 5, e: null}\n";

    /// A comment's token opens anywhere in its environment; the text that it opens to is judged again.
    #[test]
    fn a_comment_that_was_moved_brings_in_nothing_that_is_refused() {
        let f = fixture();
        for (format, text) in
            [(Format::Ini, "; a=b\n # c\nk=v\n"), (Format::Dotenv, "A=b # don't\nB=c  # d\nC=e\n")]
        {
            let sealed = f.seal(0, format, text, "").unwrap();
            assert_eq!(f.open(format, &sealed).unwrap(), text);
            let document = Document::parse(format, &sealed).unwrap();
            let [one, two] = <[_; 2]>::try_from(document.comments.clone()).unwrap();
            let swapped = [
                &sealed[..one.start],
                &sealed[two.clone()],
                &sealed[one.end..two.start],
                &sealed[one.clone()],
                &sealed[two.end..],
            ];
            let opened = f.open(format, &swapped.concat());
            assert!(matches!(opened, Err(SealError::StructureChanged)), "{text}");
        }
    }

    #[test]
    fn opening_takes_back_sealing_and_hides_every_value_and_comment() {
        let it = fixture();
        let sealed = it.seal(0, Format::Yaml, YAML, "").unwrap();
        for gone in ["top", "side", "one", "lines", "null", "5"] {
            assert!(!sealed.contains(&format!(" {gone}")), "{gone} in {sealed}");
        }
        assert_eq!(it.open(Format::Yaml, &sealed).unwrap(), YAML);
    }

    #[test]
    fn sealing_again_changes_only_the_token_of_what_changed() {
        let it = fixture();
        let sealed = it.seal(0, Format::Yaml, YAML, "").unwrap();
        assert_eq!(it.seal(0, Format::Yaml, YAML, &sealed).unwrap(), sealed);
        let edited = YAML.replace("a: one", "a: other");
        let again = it.seal(0, Format::Yaml, &edited, &sealed).unwrap();
        let changed = sealed.lines().zip(again.lines()).filter(|(a, b)| a != b).count();
        assert_eq!(changed, 1);
    }

    #[test]
    fn equal_values_of_a_list_keep_their_tokens_in_order() {
        let it = fixture();
        let text = "{\"a\": [\"x\", \"x\", \"x\"]}";
        let sealed = it.seal(0, Format::Json, text, "{}").unwrap();
        assert_eq!(it.seal(0, Format::Json, text, &sealed).unwrap(), sealed);
    }

    #[test]
    fn a_list_is_of_one_generation() {
        let it = fixture();
        let sealed =
            it.seal(0, Format::Json, "{\"a\": [\"x\", \"y\"], \"b\": \"z\"}", "{}").unwrap();
        let again =
            it.seal(1, Format::Json, "{\"a\": [\"x\", \"n\"], \"b\": \"z\"}", &sealed).unwrap();
        let document = Document::parse(Format::Json, &again).unwrap();
        let tokens = document.leaves.iter().map(|leaf| document.token(leaf).unwrap());
        let ids: Vec<_> = tokens.map(|token| generation_of(token).unwrap()).collect();
        let (old, new) = (it.keys[0].id(), it.keys[1].id());
        assert_eq!(ids, [new, new, old]);
    }

    #[test]
    fn a_token_in_the_plaintext_is_refused() {
        let it = fixture();
        let sealed = it.seal(0, Format::Dotenv, "A=1\n", "").unwrap();
        let copied = sealed.replace("A=", "B=");
        let refused = it.seal(0, Format::Dotenv, &copied, "");
        assert_eq!(refused, Err(SealError::ForeignToken("B".parse().unwrap())));
    }

    #[test]
    fn a_swapped_token_does_not_open() {
        let it = fixture();
        let sealed = it.seal(0, Format::Dotenv, "A=1\nB=2\n", "").unwrap();
        let swapped = sealed.replace("A=", "C=").replace("B=", "A=").replace("C=", "B=");
        assert!(matches!(it.open(Format::Dotenv, &swapped), Err(SealError::Refused(_))));
    }

    #[test]
    fn what_the_scope_leaves_clear_stays_clear() {
        let it = fixture();
        let clear = |key: &KeyPath| key.to_string() == "HOST";
        let scope = Scope { clear: &clear, comments: Comments::Clear, ..it.scope() };
        let document = Document::parse(Format::Dotenv, "# c\nHOST=h\nKEY=k\n").unwrap();
        let sealer = Sealer { scope, current: &it.keys[0], opener: Opener(&it.keys) };
        let sealed = sealer.seal(&document, Known::default(), &mut OsRng).unwrap();
        assert!(sealed.starts_with("# c\nHOST=h\nKEY=sealed.v1."));
    }

    #[test]
    fn a_line_put_behind_a_block_scalar_s_token_is_refused() {
        let it = fixture();
        let sealed = it.seal(0, Format::Yaml, "a: |\n  x\nb: 1\n", "").unwrap();
        let grown = sealed.replace("\nb:", "\n  # more\nb:");
        let opened = Document::parse(Format::Yaml, &grown)
            .map(|document| open(&document, &it.scope(), Opener(&it.keys)).map(|_| ()));
        assert_eq!(opened, Ok(Err(SealError::StructureChanged)));
    }
}
