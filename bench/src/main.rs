//! The measuring half of `bench/run`: a load generator, a bare echo server as the
//! floor of the warm path, and a bare exec as the floor of the cold one.
//!
//! Absolute times prove nothing on a noisy machine; `bench/run` prints ratios of
//! what this measures in one run.

mod echo;
mod exec;
mod load;

use clap::Parser;

/// Measures.
#[derive(Parser)]
#[command(name = "lanthorn-bench")]
enum Command {
    /// Send one request over and over, on several connections, and print the latencies as JSON.
    Load(load::Args),
    /// Serve a bare hyper echo, the floor of the warm path.
    Echo(echo::Args),
    /// Run a command over and over and print how long each run took, as JSON.
    Exec(exec::Args),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Load(args) => load::run(&args),
        Command::Echo(args) => echo::run(&args),
        Command::Exec(args) => exec::run(&args),
    }
}

/// Prints a sample of durations in microseconds as one JSON object.
fn print(mut microseconds: Vec<f64>, seconds: f64) -> anyhow::Result<()> {
    anyhow::ensure!(!microseconds.is_empty(), "nothing was measured");
    microseconds.sort_by(f64::total_cmp);
    let at = |share: f64| microseconds[((microseconds.len() - 1) as f64 * share) as usize];
    let told = serde_json::json!({
        "count": microseconds.len(),
        "per_second": microseconds.len() as f64 / seconds,
        "p50_us": at(0.5),
        "p90_us": at(0.9),
        "p99_us": at(0.99),
    });
    println!("{told}");
    Ok(())
}
