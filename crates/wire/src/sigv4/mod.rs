//! SigV4, the server side: who signed a request, and whether it is what they signed.
