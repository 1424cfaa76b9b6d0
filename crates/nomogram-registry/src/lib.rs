//! A registry of sealed risk models: versions, approvals and history, signed and provable.
