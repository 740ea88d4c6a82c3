//! The arguments of the two ways in which a database is served: to a browser, and to an assistant.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::quantity;

/// `hopgraph serve`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hopgraph serve DB --open
  hopgraph serve DB --port 7474 --write
  HOPGRAPH_TOKEN=a-secret-of-my-own hopgraph serve DB     for scripts that ask the API

Only this machine reaches it, and only who knows the token in the printed address. Without --write the database is
opened for reading, follows what another process writes, and no question can change it. server/API.md has the API.")]
pub(crate) struct ServeArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    /// The port; 0 for any that is free
    #[arg(long, value_name = "N", default_value_t = 7373)]
    pub(crate) port: u16,
    /// Open the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Open the database for writing, so that it can be corrected
    #[arg(long)]
    pub(crate) write: bool,
    /// Folder of the model that reads sentences again
    #[arg(long, value_name = "DIR")]
    pub(crate) model: Option<PathBuf>,
    /// Listen on this address, which other machines may reach; nothing that is sent there is encrypted
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<IpAddr>,
    #[command(flatten)]
    pub(crate) limits: RequestLimits,
}

/// What one request may use.
#[derive(Args, Clone, Debug)]
pub(crate) struct RequestLimits {
    /// The most memory that a question may use, such as 500MiB or 2GiB
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = quantity::size)]
    pub(crate) memory_limit: quantity::Limit<u64>,
    /// The longest that a question may run, such as 10s or 2m
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = quantity::time)]
    pub(crate) time_limit: quantity::Limit<Duration>,
}

/// `hopgraph mcp`
#[derive(Args, Debug)]
#[command(after_help = "\
Speaks the Model Context Protocol over standard input and output, for reading only. In the settings of an assistant:
  { \"mcpServers\": { \"hopgraph\": { \"command\": \"hopgraph\", \"args\": [\"mcp\", \"/path/to/DB\"] } } }")]
pub(crate) struct AssistantArguments {
    /// Folder of the database
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
    #[command(flatten)]
    pub(crate) limits: RequestLimits,
}
