//! `lanthorn operations`: every AWS operation that is known, and whether it is built.
//!
//! The README's table and `tests/golden/gaps.txt` are made of this.

use lanthorn_edge::gaps;

use crate::house;

/// What to print.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only what is not built, one `service:Operation` a line
    #[arg(long)]
    gaps: bool,
}

/// Prints the operations.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let routers = executor.block_on(house::routers_of_a_passing_house())?;
    let missing = gaps(&routers);
    if args.gaps {
        missing.iter().for_each(|line| println!("{line}"));
        return Ok(());
    }
    for router in &routers {
        for operation in router.implemented() {
            println!("built    {}:{operation}", router.service().name);
        }
    }
    missing.iter().for_each(|line| println!("missing  {line}"));
    Ok(())
}
