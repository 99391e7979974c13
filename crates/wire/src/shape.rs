//! Between values and Rust: [`Decode`], [`Encode`], and the structs' one definition.
//!
//! A struct's fields stand in the order of its schema's members; that order is
//! all that joins the two, and the generator writes both.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use crate::value::{Mismatch, Value};

/// A type that a validated value becomes.
pub trait Decode: Sized {
    /// Takes the value apart.
    ///
    /// # Errors
    /// [`Mismatch`] if the value is of another shape; never for a value decoded and validated by this type's schema.
    fn from_value(value: Value) -> Result<Self, Mismatch>;
}

/// A type that becomes a value.
pub trait Encode {
    /// Gives up its parts.
    fn into_value(self) -> Value;
}

macro_rules! scalar {
    ($($type:ty: $variant:ident,)*) => {$(
        impl Decode for $type {
            #[inline]
            fn from_value(value: Value) -> Result<Self, Mismatch> {
                match value {
                    Value::$variant(inner) => Ok(inner),
                    _ => Err(Mismatch),
                }
            }
        }

        impl Encode for $type {
            #[inline]
            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    )*};
}

scalar! {
    bool: Boolean,
    i64: Integer,
    f64: Double,
    String: String,
    Bytes: Blob,
    Timestamp: Timestamp,
}

impl Decode for i32 {
    #[inline]
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        i64::from_value(value)?.try_into().map_err(|_| Mismatch)
    }
}

impl Encode for i32 {
    #[inline]
    fn into_value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl<T: Decode> Decode for Option<T> {
    #[inline]
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}

impl<T: Decode> Decode for Box<T> {
    #[inline]
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        T::from_value(value).map(Box::new)
    }
}

impl<T: Encode> Encode for Box<T> {
    #[inline]
    fn into_value(self) -> Value {
        (*self).into_value()
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(elements) => elements.into_iter().map(T::from_value).collect(),
            _ => Err(Mismatch),
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Map(entries) => entries.into_iter().map(|(key, value)| Ok((key, T::from_value(value)?))).collect(),
            _ => Err(Mismatch),
        }
    }
}

impl<T: Encode> Encode for BTreeMap<String, T> {
    fn into_value(self) -> Value {
        Value::Map(self.into_iter().map(|(key, value)| (key, value.into_value())).collect())
    }
}

/// An operation without input takes this; whatever was sent is let go.
impl Decode for () {
    fn from_value(_: Value) -> Result<Self, Mismatch> {
        Ok(())
    }
}

/// An operation without output gives this.
impl Encode for () {
    fn into_value(self) -> Value {
        Value::Null
    }
}

/// The values of a structure's members, taken one after the other.
#[doc(hidden)]
#[derive(Debug)]
pub struct Members(std::vec::IntoIter<Value>);

impl Members {
    #[doc(hidden)]
    pub fn of(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Structure(members) => Ok(Self(members.into_iter())),
            _ => Err(Mismatch),
        }
    }

    #[doc(hidden)]
    #[inline]
    pub fn take<T: Decode>(&mut self) -> Result<T, Mismatch> {
        T::from_value(self.0.next().ok_or(Mismatch)?)
    }
}

/// Defines a shape's struct: its fields, how it is read and written, and a `Debug` that hides what is sensitive.
///
/// The functions are `#[inline]` so that only the shapes a crate uses are compiled, and there.
macro_rules! structure {
    ($(#[$attribute:meta])* pub struct $name:ident { $(pub $field:ident: $type:ty,)* }) => {
        #[derive(Clone, PartialEq)]
        $(#[$attribute])*
        pub struct $name { $(pub $field: $type,)* }

        impl $crate::shape::Decode for $name {
            #[inline]
            fn from_value(value: $crate::value::Value) -> Result<Self, $crate::value::Mismatch> {
                #[allow(unused_mut, unused_variables, reason = "a structure may have no members")]
                let mut members = $crate::shape::Members::of(value)?;
                Ok(Self { $($field: members.take()?,)* })
            }
        }

        impl $crate::shape::Encode for $name {
            #[inline]
            fn into_value(self) -> $crate::value::Value {
                $crate::value::Value::Structure(vec![$($crate::shape::Encode::into_value(self.$field),)*])
            }
        }

        impl ::std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::show::show(&super::schemas::$name, $crate::shape::Encode::into_value(self.clone()), formatter)
            }
        }
    };
}
pub(crate) use structure;
