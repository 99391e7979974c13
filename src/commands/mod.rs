//! The subcommands, one file each.

mod credentials;
mod doctor;
mod operations;
mod runtime;
mod serve;

pub(crate) use runtime::runtimes_config;

/// What the binary can be asked to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Run the server until it is told to stop (SIGTERM or Ctrl-C: calls in flight finish first)
    Serve(serve::Args),
    /// Try out what this host can enforce, and print it line by line
    Doctor,
    /// Print the root access key that the first start made, once, as `export` lines
    Credentials(credentials::Args),
    /// Language runtimes of this host
    #[command(subcommand)]
    Runtime(runtime::Command),
    /// Print every AWS operation that is known, and whether it is built
    Operations(operations::Args),
    /// Print the version
    Version,
}

impl Command {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Serve(args) => serve::run(args),
            Self::Doctor => doctor::run(),
            Self::Credentials(args) => credentials::run(&args),
            Self::Runtime(command) => runtime::run(&command),
            Self::Operations(args) => operations::run(&args),
            Self::Version => {
                println!("lanthorn {}", env!("CARGO_PKG_VERSION"));
                Ok(())
            }
        }
    }
}
