//! Reading what we keep and what Azure answers, out of JSON that is a tree already.
//!
//! `serde_json` reads any type out of a [`Value`], but in more ways than our shapes have: a struct out of a list of its
//! fields, a field's name out of a number. Each way is compiled for each type, 60 KB in all. Here is one way for each.

use std::{fmt, slice};

use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, Expected, MapAccess, SeqAccess,
        Unexpected, VariantAccess, Visitor, value::BorrowedStrDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Number, Value, map};

use crate::text::quoted;

/// What is not as the type has it, or not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::box_collection, reason = "every reader hands it on: one word is less code than three")]
pub struct Error(Box<String>);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self(Box::new(words.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("invalid type: {}, expected {expected}", shown(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("invalid value: {}, expected {expected}", shown(found)))
    }
}

/// What JSON can hold. `Unexpected` can show itself, but with it comes what formats floating point numbers: 17 KB.
fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(bool) => format!("boolean `{bool}`"),
        Unexpected::Unsigned(number) => format!("integer `{number}`"),
        Unexpected::Signed(number) => format!("integer `{number}`"),
        Unexpected::Float(number) => match Number::from_f64(number) {
            Some(number) => format!("floating point `{number}`"),
            None => "floating point".to_owned(),
        },
        Unexpected::Str(text) => ["string ", &quoted(text)].concat(),
        Unexpected::Seq => "sequence".to_owned(),
        Unexpected::Map => "map".to_owned(),
        Unexpected::Other(what) => what.to_owned(),
        _ => "null".to_owned(),
    }
}

/// Reads a value of type `T` out of bytes.
///
/// # Errors
/// See [`Error`].
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    read(&tree(bytes)?)
}

/// Reads bytes.
///
/// # Errors
/// They are not JSON.
pub fn tree(bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(Error::custom)
}

/// Reads a value of type `T`.
///
/// # Errors
/// See [`Error`].
pub fn read<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, Error> {
    T::deserialize(Json(value))
}

/// An object whose members are read one by one; it remembers which.
pub struct Object<'de> {
    value: &'de Value,
    members: &'de Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'de> Object<'de> {
    /// The members of `value`.
    ///
    /// # Errors
    /// It is no object.
    pub fn of(value: &'de Value) -> Result<Self, Error> {
        let members = value.as_object().ok_or_else(|| Json(value).is_not(&"an object"))?;
        Ok(Self { value, members, known: Vec::new() })
    }

    /// A member that must be there.
    ///
    /// # Errors
    /// It is not there, or not as `T` has it.
    pub fn required<T: Deserialize<'de>>(&mut self, name: &'static str) -> Result<T, Error> {
        self.optional(name)?.ok_or_else(|| Error::missing_field(name))
    }

    /// A member that need not be there.
    ///
    /// # Errors
    /// It is not as `T` has it.
    pub fn or_default<T: Deserialize<'de> + Default>(&mut self, name: &'static str) -> Result<T, Error> {
        self.optional(name).map(Option::unwrap_or_default)
    }

    fn optional<T: Deserialize<'de>>(&mut self, name: &'static str) -> Result<Option<T>, Error> {
        self.known.push(name);
        self.members.get(name).map(read).transpose()
    }

    /// A part of the whole whose members stand beside the others.
    ///
    /// # Errors
    /// Its members are not as `T` has them.
    pub fn part<T: Deserialize<'de>>(&mut self) -> Result<T, Error> {
        T::deserialize(Part(self))
    }

    /// The members that nothing has asked for.
    #[must_use]
    pub fn rest(&self) -> Map<String, Value> {
        let rest = self.members.iter().filter(|(name, _)| !self.known.contains(&name.as_str()));
        rest.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Learns which members a part has.
struct Part<'o, 'de>(&'o mut Object<'de>);

impl<'de> Deserializer<'de> for Part<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        Json(self.0.value).deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.known.extend(fields);
        Json(self.0.value).deserialize_struct(name, fields, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[derive(Clone, Copy)]
struct Json<'de>(&'de Value);

impl Json<'_> {
    #[cold]
    fn is_not(self, expected: &dyn Expected) -> Error {
        let found = match self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(bool) => Unexpected::Bool(*bool),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Unexpected::Unsigned(number),
                (None, Some(number)) => Unexpected::Signed(number),
                (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Error::invalid_type(found, expected)
    }
}

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Number(number) => visit(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(list) => visitor.visit_seq(Items(list.iter())),
            Value::Object(map) => visitor.visit_map(Members::of(map)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Bool(bool) => visitor.visit_bool(*bool),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Number(number) => visit(number, visitor),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(list) => visitor.visit_seq(Items(list.iter())),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Members::of(map)),
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant { name, content: &Value::Null }),
            Value::Object(map) if map.len() == 1 => match map.iter().next() {
                Some((name, content)) => visitor.visit_enum(Variant { name, content }),
                None => Err(self.is_not(&visitor)),
            },
            _ => Err(self.is_not(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

fn visit<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Error> {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => visitor.visit_u64(number),
        (None, Some(number)) => visitor.visit_i64(number),
        (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
    }
}

/// The items of a list.
struct Items<'de>(slice::Iter<'de, Value>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.next().map(|item| seed.deserialize(Json(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The members of an object.
struct Members<'de> {
    rest: map::Iter<'de>,
    value: &'de Value,
}

impl<'de> Members<'de> {
    fn of(map: &'de Map<String, Value>) -> Self {
        Self { rest: map.iter(), value: &Value::Null }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Json(self.value))
    }
}

/// A variant by its name, with what it holds.
struct Variant<'de> {
    name: &'de str,
    content: &'de Value,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Json<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Json<'de>), Error> {
        Ok((seed.deserialize(BorrowedStrDeserializer::new(self.name))?, Json(self.content)))
    }
}

impl<'de> VariantAccess<'de> for Json<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            Value::Null => Ok(()),
            _ => Err(self.is_not(&"unit variant")),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct All {
        text: String,
        flag: bool,
        small: u32,
        large: u64,
        signed: i64,
        perhaps: Option<String>,
        #[serde(default)]
        absent: Vec<String>,
        list: Vec<Kind>,
        map: BTreeMap<String, String>,
        wrapped: Wrapped,
        any: Value,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Kind {
        Plain,
        Holds(String),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(i64);

    fn all() -> Value {
        json!({
            "text": "t", "flag": true, "small": 4_294_967_295_u32, "large": u64::MAX, "signed": -1, "perhaps": null,
            "list": ["Plain", {"Holds": "it"}], "map": {"b": "2", "a": "1"}, "wrapped": 7,
            "any": [null, true, -1, 1.5, "x", {"y": []}],
        })
    }

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        assert_eq!(read::<All>(&all()).unwrap(), All::deserialize(&all()).unwrap());
        assert_eq!(parse::<All>(all().to_string().as_bytes()).unwrap(), read(&all()).unwrap());
    }

    #[test]
    fn what_is_wrong_is_said_in_serde_json_s_words() {
        let others = [json!(null), json!(false), json!(-5), json!(1.5), json!("\"\n"), json!([]), json!({})];
        let mut wrong = 0;
        for member in all().as_object().unwrap().keys() {
            for other in others.iter().map(Some).chain([None]) {
                let mut value = all();
                match other {
                    Some(other) => value[member.as_str()] = other.clone(),
                    None => _ = value.as_object_mut().unwrap().shift_remove(member),
                }
                match (read::<All>(&value), All::deserialize(&value)) {
                    (Ok(own), Ok(theirs)) => assert_eq!(own, theirs),
                    (Err(own), Err(theirs)) => {
                        assert_eq!(own.to_string(), theirs.to_string());
                        wrong += 1;
                    }
                    (own, theirs) => panic!("{member}, {other:?}: {own:?}, but {theirs:?}"),
                }
            }
        }
        assert!(wrong > 50, "{wrong}");
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        assert_eq!(
            parse::<u32>(b"{").unwrap_err().to_string(),
            "EOF while parsing an object at line 1 column 1"
        );
    }
}
