//! One model that is served: opened once, with sessions for all requests.
//!
//! A request holds an [`Arc`] of it, so it ends on the bundle on which it began. A session is lent for
//! the time of a computation, never across an `await`.

mod idle;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderValue;
use nomogram::{Error, ErrorKind, Explainer, Method, Model, Monitor, Request, Session};
use nomogram_table::TableFormat;
use serde::Serialize;

use crate::tally::Tally;
use idle::Idle;
pub use idle::Lease;

/// A model that is served.
pub struct Served {
    name: String,
    version: String,
    digest: String,
    digest_header: HeaderValue,
    approval: ArcSwap<Approval>,
    model: Arc<Model>,
    format: Arc<TableFormat>,
    /// Names and positions of the features, ordered by name.
    features: Box<[(Box<str>, usize)]>,
    /// The names of the features as JSON has them, in their order.
    quoted_names: Box<[Option<Box<str>>]>,
    sessions: Idle<Session>,
    explainers: Idle<Explainer>,
    tally: Tally,
}

/// Whether a registry approved a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Approval {
    /// The model comes from a folder, which knows of no approvals.
    NotRecorded,
    /// These approved it.
    Approved {
        /// Their names.
        by: Vec<String>,
    },
    /// The registry serves it in a stage that needs no approval.
    Pending,
}

impl Served {
    /// Opens a bundle; its name and version are those of the manifest.
    ///
    /// # Errors
    ///
    /// As [`Model::open`].
    pub fn open(bytes: &[u8], approval: Approval) -> Result<Self, Error> {
        Self::of_model(Model::open(bytes)?, approval)
    }

    /// Serves an opened model under the name and the version of its manifest.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn of_model(model: Model, approval: Approval) -> Result<Self, Error> {
        let manifest = model.manifest();
        let (name, version) = (manifest.name.clone(), manifest.version.clone());
        Self::new(Arc::new(model), name, version, approval)
    }

    /// Serves an opened model under a name and a version.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`; `InvalidModel` for a note on the table format that cannot be read.
    pub fn new(
        model: Arc<Model>,
        name: String,
        version: String,
        approval: Approval,
    ) -> Result<Self, Error> {
        let digest = model.digest().to_string();
        let digest_header =
            HeaderValue::from_str(&digest).unwrap_or(HeaderValue::from_static("unknown"));
        let named = model.schema().features().iter().enumerate();
        let mut features: Vec<(Box<str>, usize)> =
            named.map(|(position, feature)| (feature.name.as_str().into(), position)).collect();
        features.sort_unstable();
        let quoted_names = model.schema().features().iter().map(|feature| quoted(&feature.name));
        let quoted_names = quoted_names.collect();
        let format = Arc::new(table_format(&model)?);
        Ok(Self {
            name,
            version,
            digest,
            digest_header,
            approval: ArcSwap::from_pointee(approval),
            format,
            features: features.into(),
            quoted_names,
            sessions: Idle::default(),
            explainers: Idle::default(),
            tally: Tally::default(),
            model,
        })
    }

    /// The name under which it is served.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The digest that names the bundle.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The digest as the value of `X-Model-Digest`.
    #[must_use]
    pub fn digest_header(&self) -> HeaderValue {
        self.digest_header.clone()
    }

    /// Whether it was approved.
    #[must_use]
    pub fn approval(&self) -> Arc<Approval> {
        self.approval.load_full()
    }

    /// Notes another approval, which a registry recorded after the model was loaded.
    pub fn set_approval(&self, approval: Approval) {
        self.approval.store(Arc::new(approval));
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// How many rows it predicted and refused since it was loaded.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How tables of its training were written, which those of a caller follow by default.
    #[must_use]
    pub fn table_format(&self) -> &Arc<TableFormat> {
        &self.format
    }

    /// The position of a feature. `likely` is looked at first: callers name features in their order.
    #[must_use]
    pub fn feature(&self, name: &str, likely: usize) -> Option<usize> {
        let features = self.model.schema().features();
        if features.get(likely).is_some_and(|feature| feature.name == name) {
            return Some(likely);
        }
        let found = self.features.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.features.get(found).map(|(_, position)| *position)
    }

    /// The name of a feature in quotes, as JSON has it; none where JSON must escape something of it.
    pub(crate) fn quoted_name(&self, position: usize) -> Option<&str> {
        self.quoted_names.get(position)?.as_deref()
    }

    /// The name of a feature.
    #[must_use]
    pub fn feature_name(&self, position: usize) -> Option<&str> {
        self.model.schema().features().get(position).map(|feature| feature.name.as_str())
    }

    /// Lends a session, in which no value is set.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub fn session(&self) -> Result<Lease<'_, Session>, Error> {
        let session = match self.sessions.take() {
            Some(mut session) => {
                session.clear();
                session
            }
            None => {
                let mut session = Session::try_new(Arc::clone(&self.model))?;
                if self.model.profile().is_some() {
                    session.attach(Monitor::new(Arc::clone(&self.model))?)?;
                }
                session
            }
        };
        Ok(self.sessions.lend(session))
    }

    /// Lends an explainer of the outputs: exact over groups of features where the bundle has these or at
    /// most 12 features, else by sampled permutations.
    ///
    /// # Errors
    ///
    /// `Option` when the bundle cannot be explained; `OutOfMemory`.
    pub fn explainer(&self) -> Result<Lease<'_, Explainer>, Error> {
        let explainer = match self.explainers.take() {
            Some(explainer) => explainer,
            None => Explainer::new(Arc::clone(&self.model), self.usual_request())?,
        };
        Ok(self.explainers.lend(explainer))
    }

    fn usual_request(&self) -> Request {
        let has_groups = self.model.explanation().is_some_and(|known| !known.groups.is_empty());
        let is_small = self.model.schema().n_features() <= 12;
        let method = match has_groups || is_small {
            true => Method::Groups,
            false => Method::Permutations { n_pairs: 4 },
        };
        Request { method, ..Request::default() }
    }

    /// Takes the counts of all rows since they were last taken, apart from those of sessions that are in
    /// use; none for a model without a profile.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub fn take_counters(&self) -> Result<Option<Monitor>, Error> {
        if self.model.profile().is_none() {
            return Ok(None);
        }
        let mut total = Monitor::new(Arc::clone(&self.model))?;
        let idle = std::mem::take(&mut *self.sessions.things());
        for session in idle {
            let mut session = self.sessions.lend(session);
            if let Some(counted) = session.detach() {
                total.add(&counted.to_bytes())?;
            }
            session.attach(Monitor::new(Arc::clone(&self.model))?)?;
        }
        Ok(Some(total))
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, digest, .. } = self;
        write!(f, "Served({name} {version}, {digest})")
    }
}

/// A text in quotes, as JSON has it if nothing in it must be escaped.
fn quoted(text: &str) -> Option<Box<str>> {
    let is_plain = |byte: u8| !matches!(byte, 0..=0x1f | b'"' | b'\\');
    text.bytes().all(is_plain).then(|| format!("\"{text}\"").into())
}

/// How tables of the training were written, from the bundle's notes.
fn table_format(model: &Model) -> Result<TableFormat, Error> {
    let read = TableFormat::of_notes(&model.manifest().notes);
    read.map_err(|error| Error::new(ErrorKind::InvalidModel, error.to_string()))
}

#[cfg(test)]
mod tests;
