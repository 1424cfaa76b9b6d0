//! Serves sealed risk models over HTTP and gRPC, and watches them.

pub mod protocols;
