//! A program of its own around the service: `embedded [CONFIGURATION]`, without one the model of `--demo`.

use std::path::PathBuf;

use nomogram_serve::{Config, Server, environment};

fn main() -> Result<(), String> {
    let path = std::env::args_os().nth(1).map(PathBuf::from);
    let config = Config::read(path.as_deref(), environment())?;
    let is_demo = path.is_none();
    let server = Server::new(config, (path, Vec::new()), is_demo)?;
    println!("{}", server.address().map_err(|cause| cause.to_string())?);
    server.run()
}
