//! Opens the registry, reads keys and files, and writes acts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use nomogram_registry::{
    Act, Author, Digest, Error as RegistryError, Options, Reference, Registry, Sequence, State,
    VersionName, block_on,
};
use nomogram_signing::SecretKey;

use crate::bundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, JournalPath};

/// Which registry.
#[derive(Args, Debug)]
pub(super) struct Access {
    /// The registry: a folder, or s3://bucket/path if the program was built with the feature s3
    #[arg(long, value_name = "LOCATION", env = "NOMOGRAM_REGISTRY", hide_env = true)]
    pub(super) registry: String,
    /// The index of this client, which also remembers the newest entry that was seen; by default in
    /// the user's cache
    #[arg(long, value_name = "FILE", env = "NOMOGRAM_REGISTRY_INDEX", hide_env = true)]
    index: Option<JournalPath>,
    /// The SHA-256 of the registry's first entry, as `init` and `audit` print it
    #[arg(long, value_name = "SHA256", env = "NOMOGRAM_REGISTRY_IDENTITY", hide_env = true)]
    identity: Option<Digest>,
}

/// Which registry, and who acts.
#[derive(Args, Debug)]
pub(super) struct Signing {
    #[command(flatten)]
    pub(super) access: Access,
    /// The file of your secret key
    #[arg(long, value_name = "FILE", env = "NOMOGRAM_KEY", hide_env = true)]
    key: InputPath,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// A file that supports the act; it is stored
    #[arg(long, value_name = "FILE")]
    evidence: Vec<InputPath>,
}

impl Access {
    /// Opens the registry and verifies what is new in its log.
    pub(super) fn open(&self) -> Result<Registry, Error> {
        Ok(block_on(Registry::open(&self.registry, self.options()?))?)
    }

    pub(super) fn options(&self) -> Result<Options, Error> {
        let index = match &self.index {
            Some(path) => Some(path.to_path_buf()),
            None => default_index(&self.registry)?,
        };
        let trust = bundle::trust().cloned().map(Arc::new);
        Ok(Options { index, identity: self.identity, trust, ..Options::default() })
    }
}

impl Signing {
    pub(super) fn key(&self) -> Result<SecretKey, Error> {
        Ok(SecretKey::read(&self.key)?)
    }

    pub(super) fn author<'a>(&self, key: &'a SecretKey) -> Author<'a> {
        Author::new(key).because(self.reason.clone())
    }

    /// Writes an act and prints the number of its entry.
    pub(super) fn act(
        &self,
        console: &Console,
        act: impl Fn(&State) -> Result<Act, RegistryError>,
    ) -> Result<Exit, Error> {
        let key = self.key()?;
        let registry = self.access.open()?;
        let mut author = self.author(&key);
        for path in &self.evidence {
            author.evidence.push(block_on(registry.put_blob(read(path)?.into()))?);
        }
        let seq = block_on(registry.append(&author, act))?;
        print_entry(console, &registry, seq)
    }
}

/// Prints the number of an entry that was written.
pub(super) fn print_entry(
    console: &Console,
    registry: &Registry,
    seq: Sequence,
) -> Result<Exit, Error> {
    let digest = registry.head()?.digest.map(|digest| digest.to_string());
    if console.is_json() {
        console.json_result(&serde_json::json!({ "entry": seq, "head": digest }))?;
    } else {
        console.result(format_args!("entry {seq}"))?;
    }
    Ok(Exit::Done)
}

/// The number of the version that a reference names now.
pub(super) fn name_of(state: &State, reference: &Reference) -> Result<VersionName, RegistryError> {
    use nomogram_registry::Selector;
    let model = state.model(&reference.model)?;
    let number = match &reference.selector {
        Selector::Number(number) => Some(*number),
        Selector::Latest => model.versions.keys().next_back().copied(),
        Selector::Alias(alias) => model.alias(alias),
    };
    let number = number.ok_or_else(|| RegistryError::NotFound {
        place: reference.to_string(),
        detail: "no such version is registered".into(),
    })?;
    state.version(&reference.model, number)?;
    Ok(VersionName { model: reference.model.clone(), number })
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|cause| Error::file(path.display().to_string(), cause))
}

/// The index of a registry in the user's cache; `None` where there is no cache.
fn default_index(location: &str) -> Result<Option<PathBuf>, Error> {
    let variable =
        |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".cache")));
    let Some(cache) = cache else { return Ok(None) };
    let folder = cache.join("nomogram").join("registries");
    fs::create_dir_all(&folder)
        .map_err(|cause| Error::file(folder.display().to_string(), cause))?;
    let is_url = location.contains("://");
    // A folder may be named in several ways.
    let canonical = (!is_url).then(|| fs::canonicalize(location).ok()).flatten();
    let name = canonical.map_or(location.to_owned(), |path| path.display().to_string());
    let digest = Digest::of(name.as_bytes()).to_string();
    Ok(Some(folder.join(format!("{}.sqlite", digest.get(..16).unwrap_or(&digest)))))
}
