//! The HTTP edge: recognise, authenticate, authorise, dispatch, AWS faults
