//! A lenient first pass over the JSON text of a certificate. Any value is accepted at any place,
//! and what does not fit is kept as a description. So all faults are listed at once, and numbers
//! still take 8 bytes each.

use crate::certificate::{CERTIFICATE_FORMAT, Certificate, Multipliers, Trust};
use crate::fault::{Code, Fault};
use crate::tree::{LoadRange, Node, Place};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Most nodes of a certificate (`docs/src/reference/certificate.md`).
pub const MAX_CERTIFICATE_NODES: usize = 1 << 21;

/// Faults and warnings found while reading.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) faults: Vec<Fault>,
    pub(crate) warnings: Vec<String>,
}

impl Notes {
    pub(crate) fn add(
        &mut self,
        code: Code,
        place: impl Into<String>,
        cause: impl Into<String>,
        remedy: &str,
    ) {
        self.faults.push(Fault::new(code, place, cause, remedy));
    }
}

/// Something that any JSON value can be read into.
trait Shape: Sized {
    /// Most of them in one array; reading stops there, before memory is used for more.
    const MOST: usize = usize::MAX;

    fn scalar(token: Token) -> Self;

    fn array<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::scalar(Token::Array))
    }

    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::scalar(Token::Object))
    }
}

/// Lets serde read a [`Shape`].
pub(crate) struct Any<T>(T);

struct AnyVisitor<T>(PhantomData<T>);

impl<'de, T: Shape> Deserialize<'de> for Any<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(AnyVisitor(PhantomData))
            .map(Any)
    }
}

impl<'de, T: Shape> Visitor<'de> for AnyVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::scalar(Token::Null))
    }

    fn visit_bool<E: Error>(self, x: bool) -> Result<T, E> {
        Ok(T::scalar(Token::Bool(x)))
    }

    fn visit_u64<E: Error>(self, x: u64) -> Result<T, E> {
        Ok(T::scalar(Token::Whole(x)))
    }

    fn visit_i64<E: Error>(self, x: i64) -> Result<T, E> {
        // Non-negative ones come as u64. Rounding to nearest is what reading the text as a double
        // would do.
        Ok(T::scalar(Token::Number(x as f64)))
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<T, E> {
        Ok(T::scalar(Token::Number(x)))
    }

    fn visit_str<E: Error>(self, x: &str) -> Result<T, E> {
        Ok(T::scalar(Token::Text(x.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::array(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::object(map)
    }
}

/// A JSON value without the contents of arrays and objects.
pub(crate) enum Token {
    Null,
    Bool(bool),
    Whole(u64),
    Number(f64),
    Text(Box<str>),
    Array,
    Object,
}

impl Shape for Token {
    fn scalar(token: Token) -> Self {
        token
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Null => f.write_str("is null"),
            Token::Bool(b) => write!(f, "is {b}"),
            Token::Whole(x) => write!(f, "is the number {x}"),
            Token::Number(x) => write!(f, "is the number {x}"),
            Token::Text(s) => write!(
                f,
                "is the text \"{}\"",
                s.chars().take(80).collect::<String>()
            ),
            Token::Array => f.write_str("is an array"),
            Token::Object => f.write_str("is an object"),
        }
    }
}

impl Token {
    fn number(&self) -> Option<f64> {
        match *self {
            Token::Whole(x) => Some(x as f64),
            Token::Number(x) => Some(x),
            _ => None,
        }
    }

    fn index(&self) -> Option<usize> {
        match *self {
            Token::Whole(x) => Some(usize::try_from(x).unwrap_or(usize::MAX)),
            _ => None,
        }
    }

    fn place(&self) -> Option<Place> {
        if matches!(self, Token::Null) {
            Some(None)
        } else {
            self.index().map(Some)
        }
    }
}

/// An array, or the value found in its place.
struct List<T> {
    items: Vec<T>,
    other: Option<Token>,
}

impl<T: Shape> Shape for List<T> {
    fn scalar(token: Token) -> Self {
        List {
            items: Vec::new(),
            other: Some(token),
        }
    }

    fn array<'de, A: SeqAccess<'de>>(mut from: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(Any(item)) = from.next_element()? {
            if items.len() == T::MOST {
                let most = T::MOST;
                return Err(A::Error::custom(format!(
                    "an array has more than {most} items"
                )));
            }
            items.push(item);
        }
        Ok(List { items, other: None })
    }
}

/// An array of numbers, and the items that are not numbers.
struct Numbers {
    values: Vec<f64>,
    bad: Vec<(usize, Token)>,
    other: Option<Token>,
}

impl Shape for Numbers {
    fn scalar(token: Token) -> Self {
        Numbers {
            values: Vec::new(),
            bad: Vec::new(),
            other: Some(token),
        }
    }

    fn array<'de, A: SeqAccess<'de>>(mut from: A) -> Result<Self, A::Error> {
        let (mut values, mut bad) = (Vec::new(), Vec::new());
        while let Some(Any::<Token>(item)) = from.next_element()? {
            values.push(item.number().unwrap_or(0.0));
            if item.number().is_none() {
                bad.push((values.len() - 1, item));
            }
        }
        Ok(Numbers {
            values,
            bad,
            other: None,
        })
    }
}

/// What happened to a key of an object.
enum Key {
    Fresh,
    Twice,
    Unknown,
}

/// The known fields of an object.
trait Fields: Default {
    /// See [`Shape::MOST`].
    const MOST: usize = usize::MAX;

    /// Reads the value of `key`. Of a duplicate key the later value is kept.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<Key, A::Error>;
}

fn put<'de, T: Shape, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    map: &mut A,
) -> Result<Key, A::Error> {
    let Any(value) = map.next_value()?;
    Ok(if slot.replace(value).is_some() {
        Key::Twice
    } else {
        Key::Fresh
    })
}

fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Key, A::Error> {
    map.next_value::<IgnoredAny>()?;
    Ok(Key::Unknown)
}

/// An object with the fields F, or the value found in its place.
pub(crate) struct Object<F> {
    fields: F,
    twice: Vec<String>,
    unknown: Vec<String>,
    other: Option<Token>,
}

impl<F: Fields> Shape for Object<F> {
    const MOST: usize = F::MOST;

    fn scalar(token: Token) -> Self {
        Object {
            fields: F::default(),
            twice: Vec::new(),
            unknown: Vec::new(),
            other: Some(token),
        }
    }

    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut object = Object {
            fields: F::default(),
            twice: Vec::new(),
            unknown: Vec::new(),
            other: None,
        };
        while let Some(key) = map.next_key::<String>()? {
            match object.fields.take(&key, &mut map)? {
                Key::Fresh => {}
                Key::Twice => object.twice.push(key),
                Key::Unknown => object.unknown.push(key),
            }
        }
        Ok(object)
    }
}

impl<F> Object<F> {
    /// The fields, unless this is not an object. Notes duplicate and unknown keys. `at` is the
    /// place, "" for the whole file.
    fn open(self, at: &str, notes: &mut Notes) -> Option<F> {
        if let Some(token) = self.other {
            let place = if at.is_empty() { "the file" } else { at };
            notes.add(
                Code::Value,
                place,
                token.to_string(),
                "give an object { ... }",
            );
            return None;
        }
        for key in self.twice {
            notes.add(
                Code::Value,
                join(at, &key),
                "is given twice",
                "remove one of them",
            );
        }
        notes.warnings.extend(
            self.unknown
                .iter()
                .map(|key| format!("{}: unknown field, ignored.", join(at, key))),
        );
        Some(self.fields)
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() {
        key.into()
    } else {
        format!("{at}.{key}")
    }
}

#[derive(Default)]
pub(crate) struct RawCertificate {
    format: Option<Token>,
    instance: Option<Token>,
    /// Where the instance was read from; nothing depends on it.
    instance_file: Option<Token>,
    fingerprint: Option<Token>,
    threshold: Option<Token>,
    weights: Option<Token>,
    solver: Option<Token>,
    assignment: Option<List<Token>>,
    objective: Option<Token>,
    lower_bound: Option<Token>,
    trust: Option<Token>,
    multipliers: Option<List<Object<RawMultipliers>>>,
    tree: Option<List<Object<RawNode>>>,
}

impl Fields for RawCertificate {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<Key, A::Error> {
        match key {
            "format" => put(&mut self.format, map),
            "instance" => put(&mut self.instance, map),
            "instance_file" => put(&mut self.instance_file, map),
            "fingerprint" => put(&mut self.fingerprint, map),
            "threshold" => put(&mut self.threshold, map),
            "weights" => put(&mut self.weights, map),
            "solver" => put(&mut self.solver, map),
            "assignment" => put(&mut self.assignment, map),
            "objective" => put(&mut self.objective, map),
            "lower_bound" => put(&mut self.lower_bound, map),
            "trust" => put(&mut self.trust, map),
            "multipliers" => put(&mut self.multipliers, map),
            "tree" => put(&mut self.tree, map),
            _ => skip(map),
        }
    }
}

#[derive(Default)]
struct RawMultipliers {
    users: Option<Numbers>,
    interference: Option<Numbers>,
}

impl Fields for RawMultipliers {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<Key, A::Error> {
        match key {
            "users" => put(&mut self.users, map),
            "interference" => put(&mut self.interference, map),
            _ => skip(map),
        }
    }
}

#[derive(Default)]
struct RawNode {
    load: Option<Token>,
    interference: Option<Token>,
    user: Option<Token>,
    tighten: Option<Token>,
    leaf: Option<Token>,
    empty: Option<Token>,
    assumed: Option<Token>,
    at: Option<Token>,
    to: Option<Token>,
    loads: Option<List<List<Token>>>,
    remove: Option<List<List<Token>>>,
}

impl Fields for RawNode {
    const MOST: usize = MAX_CERTIFICATE_NODES;

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<Key, A::Error> {
        match key {
            "load" => put(&mut self.load, map),
            "interference" => put(&mut self.interference, map),
            "user" => put(&mut self.user, map),
            "tighten" => put(&mut self.tighten, map),
            "leaf" => put(&mut self.leaf, map),
            "empty" => put(&mut self.empty, map),
            "assumed" => put(&mut self.assumed, map),
            "at" => put(&mut self.at, map),
            "to" => put(&mut self.to, map),
            "loads" => put(&mut self.loads, map),
            "remove" => put(&mut self.remove, map),
            _ => skip(map),
        }
    }
}

/// Converts a token, or notes that it is missing or wrong.
fn need<T>(
    token: Option<Token>,
    place: impl Fn() -> String,
    remedy: &str,
    notes: &mut Notes,
    convert: impl Fn(&Token) -> Option<T>,
) -> Option<T> {
    let Some(token) = token else {
        notes.add(
            Code::Missing,
            place(),
            "is missing",
            &format!("add it: {remedy}"),
        );
        return None;
    };
    let value = convert(&token);
    if value.is_none() {
        notes.add(Code::Value, place(), token.to_string(), remedy);
    }
    value
}

/// Remedy for a bad index.
const INDEX: &str = "give a whole number from 0";
/// Remedy for a bad place.
const PLACE: &str = "give null or a server index from 0";

fn text(token: &Token) -> Option<String> {
    if let Token::Text(s) = token {
        Some(s.to_string())
    } else {
        None
    }
}

/// null, or what `convert` makes of the token.
fn or_null<T>(convert: impl Fn(&Token) -> Option<T>) -> impl Fn(&Token) -> Option<Option<T>> {
    move |token| {
        if matches!(token, Token::Null) {
            Some(None)
        } else {
            convert(token).map(Some)
        }
    }
}

fn list<T>(list: Option<List<T>>, place: &str, notes: &mut Notes) -> Vec<T> {
    match list {
        Some(List { items, other: None }) => return items,
        Some(List {
            other: Some(token), ..
        }) => {
            notes.add(
                Code::Value,
                place,
                token.to_string(),
                "give an array [ ... ]",
            );
        }
        None => notes.add(
            Code::Missing,
            place,
            "is missing",
            "add it: an array [ ... ]",
        ),
    }
    Vec::new()
}

/// [`need`] for a field of the certificate itself.
fn field<T>(
    name: &str,
    token: Option<Token>,
    remedy: &str,
    notes: &mut Notes,
    convert: impl Fn(&Token) -> Option<T>,
) -> Option<T> {
    need(token, || name.into(), remedy, notes, convert)
}

/// Converts the items of an array.
fn items<R, T>(
    raw: Option<List<R>>,
    place: &str,
    notes: &mut Notes,
    convert: impl Fn(usize, R, &mut Notes) -> Option<T>,
) -> Vec<T> {
    let raw = list(raw, place, notes).into_iter().enumerate();
    raw.filter_map(|(k, item)| convert(k, item, notes))
        .collect()
}

impl Any<Object<RawCertificate>> {
    /// The certificate, or `None` after noting at least one fault.
    pub(crate) fn finish(self, notes: &mut Notes) -> Option<Certificate> {
        let raw = self.0.open("", notes)?;
        let format = |t: &Token| text(t).filter(|f| f == CERTIFICATE_FORMAT);
        let remedy = "this program reads \"offload-certificate/1\"";
        field("format", raw.format, remedy, notes, format)?;
        let optional = |t: Option<Token>| Some(t.unwrap_or(Token::Text("".into())));
        let remedy = "give a text in quotes";
        let instance = field("instance", optional(raw.instance), remedy, notes, text);
        let solver = field("solver", optional(raw.solver), remedy, notes, text);
        let remedy = "give the instance's fingerprint, 64 hexadecimal digits";
        let hexadecimal = |s: &String| s.len() == 64 && s.bytes().all(|b| b.is_ascii_hexdigit());
        let digits = |t: &Token| text(t).filter(hexadecimal);
        let fingerprint = field("fingerprint", raw.fingerprint, remedy, notes, digits);
        let fraction = |t: &Token| t.number().filter(|x| (0.0..=1.0).contains(x));
        let remedy = "give a number from 0 to 1";
        let threshold = field("threshold", raw.threshold, remedy, notes, fraction);
        let parse = |t: &Token| text(t)?.parse().ok();
        let remedy = "give \"uncertainty\" or \"uniform\"";
        let weights = field("weights", raw.weights, remedy, notes, parse);
        let remedy = "give \"certified\" or \"solver\"";
        let trust = field("trust", raw.trust, remedy, notes, claimed_trust);
        let value = or_null(Token::number);
        let remedy = "give a number, weighted seconds, or null";
        let objective = field("objective", raw.objective, remedy, notes, &value);
        let lower_bound = field("lower_bound", raw.lower_bound, remedy, notes, &value);
        let assignment = assignment(raw.assignment, notes);
        let multipliers = items(raw.multipliers, "multipliers", notes, set);
        let tree = items(raw.tree, "tree", notes, node);
        Some(Certificate {
            instance: instance?,
            fingerprint: fingerprint?,
            threshold: threshold?,
            weights: weights?,
            solver: solver?,
            assignment,
            objective: objective?,
            lower_bound: lower_bound?,
            trust: trust?,
            multipliers,
            tree,
        })
    }
}

fn claimed_trust(token: &Token) -> Option<Trust> {
    let name = text(token)?;
    [Trust::Certified, Trust::Solver]
        .into_iter()
        .find(|trust| trust.name() == name)
}

fn assignment(raw: Option<List<Token>>, notes: &mut Notes) -> Option<Vec<Place>> {
    if matches!(
        raw,
        Some(List {
            other: Some(Token::Null),
            ..
        })
    ) {
        return None;
    }
    let items = list(raw, "assignment", notes).into_iter().enumerate();
    let mut place = |(i, token)| {
        need(
            Some(token),
            || format!("assignment[{i}]"),
            PLACE,
            notes,
            Token::place,
        )
        .unwrap_or_default()
    };
    Some(items.map(&mut place).collect())
}

/// One set of multipliers.
fn set(k: usize, raw: Object<RawMultipliers>, notes: &mut Notes) -> Option<Multipliers> {
    let raw = raw.open(&format!("multipliers[{k}]"), notes)?;
    let users = numbers(raw.users, &format!("multipliers[{k}].users"), notes);
    let interference = numbers(
        raw.interference,
        &format!("multipliers[{k}].interference"),
        notes,
    );
    Some(Multipliers {
        users,
        interference,
    })
}

fn numbers(raw: Option<Numbers>, place: &str, notes: &mut Notes) -> Vec<f64> {
    let Some(raw) = raw else {
        notes.add(
            Code::Missing,
            place,
            "is missing",
            "add it: an array of numbers",
        );
        return Vec::new();
    };
    if let Some(token) = raw.other {
        notes.add(
            Code::Value,
            place,
            token.to_string(),
            "give an array of numbers",
        );
    }
    for (x, token) in raw.bad {
        notes.add(
            Code::Value,
            format!("{place}[{x}]"),
            token.to_string(),
            "give a number",
        );
    }
    raw.values
}

/// One node: exactly one of the keys that name a kind, and the fields of that kind.
fn node(x: usize, raw: Object<RawNode>, notes: &mut Notes) -> Option<Node> {
    let mut raw = raw.open(&format!("tree[{x}]"), notes)?;
    let kinds = [
        ("load", raw.load.is_some(), "at"),
        ("interference", raw.interference.is_some(), "at"),
        ("user", raw.user.is_some(), "to"),
        ("tighten", raw.tighten.is_some(), "loads remove"),
        ("leaf", raw.leaf.is_some(), ""),
        ("empty", raw.empty.is_some(), ""),
        ("assumed", raw.assumed.is_some(), ""),
    ];
    let present: Vec<_> = kinds.iter().filter(|k| k.1).collect();
    let &[&(kind, _, fields)] = present.as_slice() else {
        let names: Vec<&str> = present.iter().map(|k| k.0).collect();
        let cause = if names.is_empty() {
            "has no kind".into()
        } else {
            format!("is of several kinds: {}", names.join(", "))
        };
        let remedy = "give one of load, interference, user, tighten, leaf, empty, assumed";
        notes.add(Code::Value, format!("tree[{x}]"), cause, remedy);
        return None;
    };
    let extra = [
        ("at", raw.at.is_some()),
        ("to", raw.to.is_some()),
        ("loads", raw.loads.is_some()),
        ("remove", raw.remove.is_some()),
    ];
    for (name, _) in extra
        .iter()
        .filter(|(name, given)| *given && !fields.split(' ').any(|f| f == *name))
    {
        let cause = format!("does not belong to a {kind} node");
        notes.add(
            Code::Value,
            format!("tree[{x}].{name}"),
            cause,
            "leave it out",
        );
    }
    let loads = raw.loads.take();
    let remove = raw.remove.take();
    build(x, kind, raw, loads, remove, notes)
}

fn build(
    x: usize,
    kind: &str,
    raw: RawNode,
    loads: Option<List<List<Token>>>,
    remove: Option<List<List<Token>>>,
    notes: &mut Notes,
) -> Option<Node> {
    let at = |key: &'static str| move || format!("tree[{x}].{key}");
    let number = "give a number";
    Some(match kind {
        "load" => {
            let server = need(raw.load, at("load"), INDEX, notes, Token::index);
            let split = need(raw.at, at("at"), INDEX, notes, Token::index);
            Node::Load {
                server: server?,
                at: split?,
            }
        }
        "interference" => {
            let server = need(
                raw.interference,
                at("interference"),
                INDEX,
                notes,
                Token::index,
            );
            let split = need(raw.at, at("at"), number, notes, Token::number);
            Node::Interference {
                server: server?,
                at: split?,
            }
        }
        "user" => {
            let user = need(raw.user, at("user"), INDEX, notes, Token::index);
            let to = need(raw.to, at("to"), PLACE, notes, Token::place);
            Node::User {
                user: user?,
                to: to?,
            }
        }
        "tighten" => {
            let multipliers = need(raw.tighten, at("tighten"), INDEX, notes, Token::index);
            let loads = rows(loads, &at("loads")(), notes, |[j, lo, hi]| {
                Some(LoadRange {
                    server: j.index()?,
                    lo: lo.index()?,
                    hi: hi.index()?,
                })
            });
            let remove = rows(remove, &at("remove")(), notes, |[i, p]| {
                Some((i.index()?, p.place()?))
            });
            Node::Tighten {
                multipliers: multipliers?,
                loads,
                remove,
            }
        }
        "leaf" => Node::Leaf {
            multipliers: need(raw.leaf, at("leaf"), INDEX, notes, Token::index)?,
        },
        "empty" => Node::Empty {
            multipliers: need(raw.empty, at("empty"), INDEX, notes, Token::index)?,
        },
        _ => Node::Assumed {
            bound: need(raw.assumed, at("assumed"), number, notes, Token::number)?,
        },
    })
}

/// The rows of `loads` or `remove`, which may be left out.
fn rows<T, const W: usize>(
    raw: Option<List<List<Token>>>,
    place: &str,
    notes: &mut Notes,
    convert: impl Fn(&[Token; W]) -> Option<T>,
) -> Vec<T> {
    let shape = if W == 3 {
        "give [server, lo, hi], whole numbers from 0"
    } else {
        "give [user, server or null]"
    };
    let raw = raw.unwrap_or(List {
        items: Vec::new(),
        other: None,
    });
    let mut row = |(y, row): (usize, List<Token>)| {
        let value = row.items.as_slice().try_into().ok().and_then(&convert);
        if value.is_none() {
            let found = row
                .items
                .iter()
                .map(Token::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            let found = row
                .other
                .map_or_else(|| format!("holds what {found}",), |token| token.to_string());
            notes.add(
                Code::Value,
                format!("{place}[{y}]"),
                found.chars().take(200).collect::<String>(),
                shape,
            );
        }
        value
    };
    if let Some(token) = raw.other {
        notes.add(
            Code::Value,
            place,
            token.to_string(),
            "give an array of rows",
        );
        return Vec::new();
    }
    raw.items
        .into_iter()
        .enumerate()
        .filter_map(&mut row)
        .collect()
}
