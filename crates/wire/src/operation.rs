//! An operation as a type, so that a handler's signature is checked against the model.

use crate::service::OperationModel;
use crate::shape::{Decode, Encode};

/// One operation of one service. The generator writes a unit struct for each, as [`crate::lambda::Invoke`].
pub trait Operation: 'static {
    /// What the model says of it.
    const MODEL: &'static OperationModel;
    /// What a caller gives; `()` for nothing.
    type Input: Decode;
    /// What a caller gets; `()` for nothing.
    type Output: Encode;
}

/// Defines an operation's marker, beside the module `operations` that holds its model.
macro_rules! operation {
    ($name:ident: $input:ty => $output:ty) => {
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $crate::operation::Operation for $name {
            const MODEL: &'static $crate::service::OperationModel = &operations::$name;
            type Input = $input;
            type Output = $output;
        }
    };
}
pub(crate) use operation;
